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

it('a file that only a lost record named is taken back', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('b', 4, 6, 10)],
    [live('a', 1, 3, 10), live('c', 7, 9, 10)],
    new Set(['a', 'b', 'c']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['b'], []])
})

it('a file beyond the position is left: its frames come again', () => {
  expect(chooseAdoptions([orphan('b', 4, 10, 10)], [], new Set(['b']), 9).adopted).toEqual([])
})

it('a merge that never got its record is left, its inputs are all there', () => {
  const { adopted } = chooseAdoptions(
    [orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10), live('b', 4, 6, 10)],
    new Set(['a', 'b', 'm']),
    9,
  )
  expect(adopted).toEqual([])
})

it('a merge whose record was lost takes the place of inputs that are gone', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10), live('b', 4, 6, 10)],
    new Set(['b', 'm']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['m'], ['a', 'b']])
})

it('a merge that holds more than what is live of it is taken, and what it was made of is not', () => {
  const { adopted, replaced } = chooseAdoptions(
    [orphan('b', 4, 6, 10), orphan('m', 1, 6, 20)],
    [live('a', 1, 3, 10)],
    new Set(['a', 'b', 'm']),
    9,
  )
  expect([names(adopted), names(replaced)]).toEqual([['m'], ['a']])
})

it('inputs of a merge that is live are not taken back', () => {
  expect(
    chooseAdoptions([orphan('a', 1, 3, 10), orphan('b', 4, 6, 10)], [live('m', 1, 6, 20)], new Set(['a', 'b', 'm']), 9)
      .adopted,
  ).toEqual([])
})

it('files of other streams and hours have no say', () => {
  const other = { ...live('m', 1, 9, 90), stream: 'events' as const }
  expect(
    names(
      chooseAdoptions([orphan('a', 1, 3, 10)], [other, { ...other, stream: 'flows', hour: 2 }], new Set(['a', 'm']), 9)
        .adopted,
    ),
  ).toEqual(['a'])
})
