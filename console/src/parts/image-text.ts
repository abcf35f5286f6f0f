/** `api:1.7` of `registry.example/shop/api:1.7`: without registry and path, which are long and seldom differ. */
export function shortImage(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1)
}

/** `shop/web@sha256:0123456789ab` */
export function imageText(name: string | null, digest: string): string {
  // A service of Lagoon stands for its image.
  if (!digest.startsWith('sha256:')) return name ?? digest
  return `${name === null ? '' : `${name}@`}${digest.slice(0, 19)}`
}
