/** Parts of reports in Markdown: texts of the data cannot form markup. */
import { parseKubernetesRef } from '../model/refs.ts'

export const timeText = (iso: string): string => iso.slice(0, 19).replace('T', ' ')
export const inCode = (text: string): string => text.replaceAll('`', "'").replaceAll(/\s+/g, ' ')

/** Also for cells of a table. */
export function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#&!~]/g, '\\$&')
}

export function linked(text: string, to: string | undefined): string {
  return to === undefined || text === ''
    ? escaped(text)
    : `[${escaped(text)}](${to.replaceAll(/[()|`<>\\]/g, encoded)})`
}

const encoded = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/** URL of a page of the console. */
export type PageUrl = (path: string, search: Readonly<Record<string, string>>) => string

/** `base`: https://weir.example */
export function pagesAt(base: string): PageUrl {
  return (path, search) => `${base}${path}?${new URLSearchParams({ v: '1', ...search }).toString()}`
}

const hourMs = 3_600_000

/** The row in the list of the hours around it; undefined: its object is a cloud resource. */
export function rowUrl(
  page: 'changes' | 'audit',
  { time, pos, ref }: Readonly<{ time: string; pos: string; ref: string | null }>,
  url: PageUrl,
): string | undefined {
  if (page === 'changes' && ref !== null && parseKubernetesRef(ref) === undefined) return undefined
  const at = Date.parse(time)
  const range = [at - hourMs, at + hourMs].map((ms) => new Date(ms).toISOString()).join('..')
  return url(`/${page}`, { live: '0', t: range, sel: pos })
}

/** The page of an object as of a time; undefined: it is none of a cluster. */
export function objectUrl(
  { ref, time }: Readonly<{ ref: string | null; time: string }>,
  url: PageUrl,
): string | undefined {
  const parts = ref === null ? undefined : parseKubernetesRef(ref)
  if (parts === undefined) return undefined
  const path = [parts.group === '' ? 'core' : parts.group, parts.kind, parts.namespace || '-', parts.name]
  return url(`/resource/k8s:${[parts.cluster, ...path].map(encodeURIComponent).join('/')}`, { at: time })
}

export function actorUrl(ref: string | null, url: PageUrl): string | undefined {
  return ref === null ? undefined : url('/actor', { of: ref })
}
