/** Flows with objects in `extra`, and filters with the rows that they select. */
import type { FlowBatch } from '../../model/batches.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'

const rows = [
  { wlanChannelId: 6, wlanSSID: 'guest', big: '18446744073709551615' },
  { wlanChannelId: 36, wlanSSID: 'staff-2', big: '18446744073709551614' },
  { wlanChannelId: 100, wlanSSID: '36', load: 0.75, 'app.kubernetes.io/name': 'web' },
  { load: 36, ratio: 'a>b', open: true, none: null, 'a b"c': '10-20', down: -5 },
  undefined,
]

export const extras: readonly (string | undefined)[] = rows.map((row) => {
  if (row === undefined) return undefined
  const { big, ...others } = { big: undefined, ...row }
  return JSON.stringify(others).replace(/\}$/, big === undefined ? '}' : `,"big":${big}}`)
})

export const applications: readonly string[] = rows.map((_, row) => (row === 1 ? 'staff-2' : 'other'))

export function memberBatch(): FlowBatch {
  const words = new DictionaryBuilder()
  const extra = Uint32Array.from(extras, (text) => (text === undefined ? 0 : words.code(text)))
  const application = Uint32Array.from(applications, (text) => words.code(text))
  return {
    kind: 'flows',
    count: rows.length,
    dictionary: words.strings,
    columns: { extra: { kind: 'json', codes: extra }, application: { kind: 'dict', codes: application } },
  }
}

type Case = readonly [filter: string, rows: readonly number[]]

export const textCases: readonly Case[] = [
  ['extra.wlanSSID = guest', [0]],
  ['EXTRA.wlanSSID = guest', [0]],
  ['extra.wlanssid = guest', []],
  ['extra.wlanSSID != guest', [1, 2, 3, 4]],
  ['extra.wlanSSID in (guest, staff*)', [0, 1]],
  ['extra.wlanSSID ~ "^st"', [1]],
  ['exists(extra.wlanSSID)', [0, 1, 2]],
  ['not exists(extra.none)', [0, 1, 2, 3, 4]],
  ['extra.open = true', [3]],
  ['extra.wlanSSID = application', [1]],
]

export const numberCases: readonly Case[] = [
  ['extra.wlanChannelId > 7', [1, 2]],
  ['extra.wlanChannelId >= 36', [1, 2]],
  ['extra.wlanChannelId = 36.0', [1]],
  ['extra.wlanChannelId = 0x24', [1]],
  ['extra.wlanChannelId = 30-99', [1]],
  ['extra.wlanChannelId not in (6, 30..40)', [2, 3, 4]],
  ['extra.load > 0.5', [2, 3]],
  ['extra.load < 1', [2]],
  ['extra.down < 0', [3]],
  ['extra.big = 18446744073709551615', [0]],
  ['extra.big < 18446744073709551615', [1]],
  ['extra.big > 18446744073709551614', [0]],
]

export const mixedCases: readonly Case[] = [
  ['extra.wlanSSID = 36', [2]],
  ['extra.wlanSSID > 5', []],
  ['extra.wlanSSID > "f"', [0, 1]],
  ['extra.wlanChannelId > "1"', []],
  ['extra.wlanSSID = 5m', []],
]

export const nameCases: readonly Case[] = [
  ['extra.app.kubernetes.io/name = web', [2]],
  ['extra."a b\\"c" = "10-20"', [3]],
  ['extra."ratio" = "a>b"', [3]],
]
