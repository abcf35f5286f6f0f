/** Requests to this machine never use a proxy. */
export function isLoopback(url: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(URL.parse(url)?.hostname ?? '')
}

/** A secret may be sent there: over TLS, or to this machine. */
export function isSecure(url: string): boolean {
  const protocol = URL.parse(url)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(url))
}
