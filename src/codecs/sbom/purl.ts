/** Package URLs (ECMA-427): `pkg:type/namespace/name@version?qualifiers#subpath`. */

export type PackageUrl = Readonly<{
  /** Without qualifiers and subpath, encoded as the standard does: the identity of a package and its version. */
  base: string
  type: string
  name: string
  namespace: string | undefined
  version: string | undefined
}>

const form = /^pkg:\/*([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+?)\/*(?:\?[^#]*)?(?:#.*)?$/

/** Undefined if the text is no package URL. */
export function readPurl(text: string | undefined): PackageUrl | undefined {
  const [, type, path] = form.exec(text ?? '') ?? []
  if (type === undefined || path === undefined) return undefined
  const at = path.lastIndexOf('@')
  // The `@` of an npm scope is part of the path in texts that do not encode it.
  const isVersion = at >= 0 && !path.slice(at).includes('/')
  // Some tools encode the slashes too.
  const parts = (isVersion ? path.slice(0, at) : path).split('/').flatMap((part) => decoded(part).split('/'))
  const name = parts.at(-1) ?? ''
  if (name === '') return undefined
  const version = isVersion ? decoded(path.slice(at + 1)) : undefined
  const suffix = version === undefined ? '' : `@${encoded(version)}`
  return {
    base: `pkg:${type.toLowerCase()}/${parts.map(encoded).join('/')}${suffix}`,
    type: type.toLowerCase(),
    name,
    namespace: parts.length > 1 ? parts.slice(0, -1).join('/') : undefined,
    version,
  }
}

const ofSystems = new Set(['deb', 'rpm', 'apk', 'alpm'])

/** The name as lists of packages have it: packages of operating systems go without the vendor. */
export function packageName({ type, namespace, name }: PackageUrl): string {
  return namespace === undefined || ofSystems.has(type) ? name : `${namespace}/${name}`
}

/**
 * Some tools encode `@`, `+` and `~`, others do not: the same package has one text. `version`: for a text without one,
 * which would name all versions.
 */
export function normalPurl(text: string | undefined, version: string | undefined): string | undefined {
  const url = readPurl(text)
  if (url === undefined) return undefined
  const suffix = url.version === undefined && version !== undefined ? `@${encoded(version)}` : ''
  return `${url.base}${suffix}${/[?#].*$/s.exec(text ?? '')?.[0] ?? ''}`
}

/** Decodes percent encoding; texts that are not encoded correctly stay. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const encoded = (part: string): string => encodeURIComponent(part).replaceAll('%3A', ':')

/** For tools that report a type, a name and a version alone. `name` may have a namespace before a slash or a colon. */
export function makePurl(type: string, name: string, version: string | undefined): string {
  const path = (type === 'maven' ? name.replace(':', '/') : name).split('/').map(encoded).join('/')
  return `pkg:${type}/${path}${version === undefined ? '' : `@${encoded(version)}`}`
}
