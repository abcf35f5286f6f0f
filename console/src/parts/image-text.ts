/** `shop/web@sha256:0123456789ab` */
export function imageText(name: string | null, digest: string): string {
  // A service of Lagoon stands for its image.
  if (!digest.startsWith('sha256:')) return name ?? digest
  return `${name === null ? '' : `${name}@`}${digest.slice(0, 19)}`
}
