/** Over plain HTTP only to this machine. */
export function isSafe(url: string): boolean {
  const protocol = URL.parse(url)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && isHere(url))
}

/** Whether a URL is of this machine. */
export function isHere(url: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(URL.parse(url)?.hostname ?? '')
}
