/** References to the components of a CycloneDX document. */
import { withoutUndefined } from '../../model/json.ts'
import { packageIdentity } from './collect.ts'
import { decoded, packageName, readPurl } from './purl.ts'
import { ReportError, type Package } from './report.ts'

export class ComponentRefs {
  readonly #byRef: Map<string, Package>
  readonly #ambiguous = new Set<string>()

  constructor(packages: Iterable<readonly [ref: string, one: Package]> = []) {
    this.#byRef = new Map(packages)
  }

  has(ref: string | undefined): boolean {
    return this.#byRef.has(ref ?? '')
  }

  add(ref: string | undefined, added: Package): void {
    if (ref === undefined) return
    const before = this.#byRef.get(ref)
    if (before !== undefined && packageIdentity(before) !== packageIdentity(added)) this.#ambiguous.add(ref)
    this.#byRef.set(ref, added)
  }

  /** Throws ReportError if several packages have the reference: the problem would be stored for the wrong one. */
  packageOf(ref: string | undefined, problem: string): Package | undefined {
    if (ref === undefined) return undefined
    if (this.#ambiguous.has(ref))
      throw new ReportError('malformed', `${problem} affects "${ref}", which is the bom-ref of several packages.`)
    return this.#byRef.get(ref) ?? packageOfRef(ref)
  }
}

/** A package URL, also as the element of a BOM-Link to another document: `urn:cdx:…/1#pkg:npm/lib@1`. */
function packageOfRef(ref: string): Package | undefined {
  const element = ref.startsWith('urn:cdx:') ? ref.slice(ref.indexOf('#') + 1) : ref
  const purl = element.startsWith('pkg:') ? element : decoded(element)
  const url = readPurl(purl)
  return url === undefined
    ? undefined
    : withoutUndefined<Package>({
        name: packageName(url),
        version: url.version,
        type: url.type,
        purl,
      })
}
