/**
 * Ids of one flaw. An advisory (RHSA, ELSA, ALAS, DSA, SUSE-SU, USN …) fixes many flaws, so its id names none of them,
 * and problems that share it are not equal.
 */

/** Schemes that give each flaw one id, by the start of the id. */
const schemes: readonly (readonly [scheme: string, form: RegExp])[] = [
  ['CVE', /^CVE-[\d-]+$/i],
  ['GHSA', /^GHSA(?:-[0-9a-z]+)+$/i],
  ['PYSEC', /^PYSEC-\d{4}-\d+$/i],
  ['RUSTSEC', /^RUSTSEC-\d{4}-\d+$/i],
  ['GO', /^GO-\d{4}-\d+$/i],
]
/** Ids of packagers and vendors that name a fix or a notice. */
const advisories =
  'RHSA|RHBA|RHEA|CESA|CEBA|ELSA|ELBA|OVMSA|RLSA|RXSA|ALSA|ALBA|ALAS\\w*|DSA|DLA|DTSA|USN|LSN|SUSE-\\w+|openSUSE-\\w+|' +
  'GLSA|ASA|AVG|PHSA|FEDORA|MGASA|CGA|AZL'
const advisory = new RegExp(`^(?:${advisories})-`, 'i')

function schemeOf(id: string): string | undefined {
  return schemes.find(([, form]) => form.test(id))?.[0]
}

/** Ids in `related` that name the flaw of `id`. Several ids of one scheme are several flaws. */
export function aliasesOf(id: string, related: readonly string[] | undefined): readonly string[] | undefined {
  if (related === undefined || advisory.test(id)) return undefined
  const ownScheme = schemeOf(id)
  const byScheme = new Map<string, Set<string>>()
  for (const text of related) {
    const scheme = schemeOf(text)
    if (scheme === undefined) continue
    byScheme.set(scheme, (byScheme.get(scheme) ?? new Set()).add(text.toUpperCase() === id.toUpperCase() ? id : text))
  }
  const aliases = [...byScheme].flatMap(([scheme, ids]) => (scheme === ownScheme || ids.size > 1 ? [] : [...ids]))
  return aliases.length === 0 ? undefined : aliases
}
