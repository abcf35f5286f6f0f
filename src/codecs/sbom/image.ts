import type { ImageData } from '../../model/image-insights.ts'
import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { listOf, textsOf } from './collect.ts'
import { decoded, readPurl } from './purl.ts'

const digestForm = /sha256:[0-9a-f]{64}/

export function digestIn(text: string | undefined): string | undefined {
  return digestForm.exec(text?.toLowerCase() ?? '')?.[0]
}

/** A repository and its tag: `registry:5000/shop/web:1.2@sha256:…` → `registry:5000/shop/web`, `1.2`. */
export function readImageName(text: string | undefined): Readonly<{ name?: string; tag?: string }> {
  const [written = ''] = (text ?? '').split('@')
  if (written === '' || /\s/.test(written)) return {}
  const colon = written.lastIndexOf(':')
  return colon > written.lastIndexOf('/')
    ? { name: written.slice(0, colon), tag: written.slice(colon + 1) }
    : { name: written }
}

/** `pkg:oci/web@sha256%3A…?repository_url=registry/shop/web`. */
export function imageOfPurl(purl: string | undefined): Readonly<{ digest?: string; name?: string }> {
  const url = readPurl(purl)
  if (url === undefined || (url.type !== 'oci' && url.type !== 'docker')) return {}
  const repository = /[?&]repository_url=([^&#]+)/.exec(purl ?? '')?.[1]
  return withoutUndefined<{ digest?: string; name?: string }>({
    digest: digestIn(url.version),
    name: repository === undefined ? undefined : decoded(repository),
  })
}

/** From lists of names with tags and with digests, as most tools report them. */
export function imageFrom({
  names,
  digests,
  more,
}: Readonly<{
  names: readonly unknown[]
  digests: readonly unknown[]
  more?: Partial<ImageData>
}>): Partial<ImageData> {
  const written = names.map((name) => readImageName(textOf(name)))
  const [digest, ...aliases] = [
    ...new Set(digests.map((value) => digestIn(textOf(value))).filter((text) => text !== undefined)),
  ]
  const repositories = digests.map((value) =>
    textOf(value)?.includes('@') === true ? readImageName(textOf(value)) : {},
  )
  return withoutUndefined<Partial<ImageData>>({
    ...more,
    digest,
    aliases: aliases.length === 0 ? undefined : aliases,
    name: [...written, ...repositories].find(({ name }) => name !== undefined)?.name,
    tags: textsOf(written.map(({ tag }) => tag)),
  })
}

/** Values of a record of lists, or of a list. */
export function valuesOf(from: Fields, ...keys: readonly string[]): readonly unknown[] {
  return keys.flatMap((key) => {
    const value = from[key]
    return Array.isArray(value) ? listOf(value) : value === undefined || value === null ? [] : [value]
  })
}
