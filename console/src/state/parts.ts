import type { Part } from './codec.ts'

export function text(usual = ''): Part<string> {
  return { usual, read: (written) => written, write: (value) => value }
}

export function flag(usual: 'on' | 'off'): Part<boolean> {
  return {
    usual: usual === 'on',
    read: (written) => (written === '1' ? true : written === '0' ? false : undefined),
    write: (value) => (value ? '1' : '0'),
  }
}

export function oneOf<T extends string>(values: readonly T[], usual: T): Part<T> {
  return { usual, read: (written) => values.find((candidate) => candidate === written), write: (value) => value }
}

export function names(usual: readonly string[]): Part<readonly string[]> {
  return {
    usual,
    read: (written) => {
      const names = written.split(',').filter((name) => name !== '')
      return names.length === 0 || names.some((name) => !/^[\w.-]+$/.test(name)) ? undefined : [...new Set(names)]
    },
    write: (value) => value.join(','),
  }
}

export function textList(): Part<readonly string[]> {
  return {
    usual: [],
    read: (written) => {
      const names = readList(written)
      return names.length === 0 ? undefined : names
    },
    write: listText,
  }
}

export function seconds(values: readonly number[], usual: number): Part<number> {
  return { usual, read: (written) => values.find((candidate) => String(candidate) === written), write: String }
}

/** Comma-separated; `\,` is a comma and `\\` a backslash, as in API lists. */
export function listText(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\,]/g, '\\$&')).join(',')
}

export function readList(written: string): readonly string[] {
  return [...new Set((written.match(/(?:\\[\\,]|[^,])+/g) ?? []).map((item) => item.replaceAll(/\\([\\,])/g, '$1')))]
}
