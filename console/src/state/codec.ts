/** The URL captures the whole view. Defaults are omitted, and invalid parameters are reported. */
import { partsText } from '../text/parts.ts'

export type Part<T> = Readonly<{
  usual: T
  read: (text: string) => T | undefined
  write: (value: T) => string
}>

export type Search = Readonly<Record<string, string>>

type Decoded<S> = Readonly<{
  state: S
  unread: readonly string[]
}>

export type Codec<S> = Readonly<{
  usual: S
  decode: (search: Search) => Decoded<S>
  encode: (state: S) => Search
}>

/** Increased when a parameter changes its meaning; default: 1. */
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
      if (v !== version) unread.push(partsText.otherVersion(v, version))
      for (const [name, text] of Object.entries(written)) {
        const part = Object.hasOwn(parts, name) ? parts[name as keyof S] : undefined
        const value = part?.read(text)
        if (part === undefined) unread.push(partsText.unknownParameter(name))
        else if (value === undefined) unread.push(partsText.badParameter(text, name))
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

export function readSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text))
}

export function writeSearch(search: Search): string {
  const pairs = Object.entries(search).map(([name, text]) => `${encodeURIComponent(name)}=${readable(text)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function readable(text: string) {
  return encodeURIComponent(text)
    .replaceAll(/%(?:3A|2C|2F|40)/g, (escape) => decodeURIComponent(escape))
    .replaceAll('%20', '+')
}
