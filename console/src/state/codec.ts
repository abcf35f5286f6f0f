/**
 * What is visible stands in the address. A page describes its state once, as a record of parts; each part is one
 * parameter. Values as usual are left out, so that addresses stay short; what cannot be read is named, never passed over.
 */

/** How one value is written as the text of one parameter. `read` answers undefined for a text that means nothing. */
export interface Part<T> {
  readonly usual: T
  readonly read: (text: string) => T | undefined
  readonly write: (value: T) => string
}

/** The parameters of an address, each once. */
export type Search = Readonly<Record<string, string>>

export interface Decoded<S> {
  readonly state: S
  /** One sentence for each thing in the address that has no effect. */
  readonly unread: readonly string[]
}

export interface Codec<S> {
  readonly usual: S
  readonly decode: (search: Search) => Decoded<S>
  readonly encode: (state: S) => Search
}

/** Rises when a parameter changes its meaning; an address without `v` is of the first. */
const version = '1'

export function codecOf<S extends object>(parts: { readonly [K in keyof S]: Part<S[K]> }): Codec<S> {
  const names = Object.keys(parts) as (keyof S & string)[]
  const usual = Object.fromEntries(names.map((name) => [name, parts[name].usual])) as S & Record<string, unknown>
  return {
    usual,
    decode(search) {
      const unread: string[] = []
      const state = { ...usual } as Record<string, unknown>
      const { v = version, ...written } = search
      if (v !== version)
        unread.push(
          `The address is of version ${v}, and this console reads version ${version}: what has changed its meaning is left out.`,
        )
      for (const [name, text] of Object.entries(written)) {
        const part = Object.hasOwn(parts, name) ? parts[name as keyof S] : undefined
        const value = part?.read(text)
        if (part === undefined) unread.push(`"${name}" is nothing that this page knows.`)
        else if (value === undefined) unread.push(`"${name}" can’t be "${text}".`)
        else state[name] = value
      }
      return { state: state as S, unread }
    },
    encode(state) {
      const written = names
        .map((name) => [name, parts[name].write(state[name])] as const)
        .filter(([name, text]) => text !== parts[name].write(usual[name]))
      return written.length === 0 ? {} : { v: version, ...Object.fromEntries(written) }
    },
  }
}

/** `?a=b` as a record; of a parameter that stands twice the last one. */
export function readSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

/** Filters and times stay readable in the address: only what an address cannot hold is escaped. */
export function writeSearch(search: Search): string {
  const pairs = Object.entries(search).map(([name, text]) => `${encodeURIComponent(name)}=${readable(text)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function readable(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/%(?:3A|2C|2F|40)/g, (escape) => decodeURIComponent(escape))
    .replaceAll('%20', '+')
}
