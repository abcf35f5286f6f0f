/** Parameters by scheme, in lower case, of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export function challengesOf(header: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const challenges = new Map<string, Record<string, string>>()
  let current: Record<string, string> = {}
  for (const match of header.matchAll(/(?:^|[\s,])([A-Za-z][\w-]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g)) {
    const [, name = '', quoted, token] = match
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? token
    if (value !== undefined) current[name.toLowerCase()] = value
    else if (!challenges.has(name.toLowerCase())) challenges.set(name.toLowerCase(), (current = {}))
  }
  return challenges
}
