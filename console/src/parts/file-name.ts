/** A name of what it shows, without signs that a file system has other plans for. */
export function fileName(...parts: readonly string[]): string {
  return parts
    .join(' ')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}.]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
}
