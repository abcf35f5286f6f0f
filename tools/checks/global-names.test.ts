import { expect, test } from 'vitest'
import { shadowing } from './global-names.ts'
import { parseSource } from '../kit/sources.ts'

test.each([
  ['const URL = /x/'],
  ['export const { a: Buffer = 1 } = b'],
  ['const [process] = b'],
  ['export function fetch() {}'],
  ['class Event {}'],
  ['export default class Response {}'],
  [`import { URL } from 'whatwg-url'`],
  [`import { other as performance } from 'node:perf_hooks'`],
])('%s is reported', (text) => {
  expect(shadowing(parseSource('a.ts', `\n${text}`))).toMatchObject([{ file: 'a.ts', line: 2 }])
})

test.each([
  ['type URL = string'],
  [`import type { Event } from 'a'`],
  [`import { type Event, b } from 'a'`],
  [`import { URL as NodeUrl } from 'a'`],
  [`import { MessageChannel } from 'node:worker_threads'`],
  ['function a(URL) { const Buffer = 1 }'],
  ['interface Request { url: string }'],
])('%s is not reported', (text) => {
  expect(shadowing(parseSource('a.ts', text))).toEqual([])
})
