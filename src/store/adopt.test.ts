import { expect, it } from 'vitest'
import { chooseAdoptions, type Orphan } from './adopt.ts'
import type { StoredFile } from './record.ts'

function orphan(name: string, firstSequence: number, lastSequence: number, rows: number): Orphan {
  return { name, stream: 'flows', hour: 1, firstSequence, lastSequence, rows }
}

function live(name: string, firstSequence: number, lastSequence: number, rows: number): StoredFile {
  return {
    ...orphan(name, firstSequence, lastSequence, rows),
    schema: 1,
    bytes: 1,
    timeMin: null,
    timeMax: null,
    receivedMin: 0,
    receivedMax: 0,
  }
}

const names = (files: readonly { readonly name: string }[]): string[] => files.map(({ name }) => name)

it('adopts a file that only a lost record named', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('b', 4, 6, 10)],
    [live('a', 1, 3, 10), live('c', 7, 9, 10)],
    new Set(['a', 'b', 'c']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['b'], []])
})

it('ignores a file beyond the position, because its frames are read again', () => {
  expect(chooseAdoptions([orphan('b', 4, 10, 10)], [], new Set(['b']), 9).adopted).toEqual([])
})

it('ignores a merged file without a record if all its inputs are present', () => {
  const { adopted } = chooseAdoptions(
    [orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10), live('b', 4, 6, 10)],
    new Set(['a', 'b', 'm']),
    9,
  )
  expect(adopted).toEqual([])
})

it('adopts a merged file without a record in place of missing inputs', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10), live('b', 4, 6, 10)],
    new Set(['b', 'm']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['m'], ['a', 'b']])
})

it('adopts a merged file that holds more rows than its live inputs, and none of its inputs', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('b', 4, 6, 10), orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10)],
    new Set(['a', 'b', 'm']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['m'], ['a']])
})

it('does not adopt inputs of a live merged file', () => {
  expect(
    chooseAdoptions([orphan('a', 1, 3, 10), orphan('b', 4, 6, 10)], [live('m', 1, 6, 20)], new Set(['a', 'b', 'm']), 9)
      .adopted,
  ).toEqual([])
})

it('ignores files of other streams and hours', () => {
  const other = { ...live('m', 1, 9, 90), stream: 'events' as const }
  expect(
    names(
      chooseAdoptions([orphan('a', 1, 3, 10)], [other, { ...other, stream: 'flows', hour: 2 }], new Set(['a', 'm']), 9)
        .adopted,
    ),
  ).toEqual(['a'])
})
