import { expect, test } from 'vitest'
import { csvCells, csvText, csvTitles, textOf } from './cell-text.ts'

function Inner({ n }: { n: number }) {
  return <b>{n} ms</b>
}

test('the text of a cell is that of its elements and components', () => {
  expect(textOf(<Inner n={12} />)).toBe('12 ms')
  expect(
    textOf(
      <>
        web
        {null}
        <span className="beside">shop</span>
      </>,
    ),
  ).toBe('web shop')
  expect(textOf([1, 'a', <i key="i">b</i>])).toBe('1ab')
})

test('a file has plain numbers, and nothing for an absent value', () => {
  expect(csvText('1,234,567')).toBe('1234567')
  expect(csvText('12.5 ms')).toBe('12.5 ms')
  expect(csvText('1,2')).toBe('1,2')
  expect(csvText(<span>–</span>)).toBe(null)
})

test('columns with the same title have their id in the title', () => {
  const columns = [
    { id: 'src_port', title: 'Port', cell: (n: number) => n },
    { id: 'dst_port', title: 'Port', cell: (n: number) => n + 1 },
    { id: 'bytes', title: 'Bytes', cell: () => '1,000', csv: () => '1000' },
  ]
  expect(csvTitles(columns)).toEqual(['Port (src_port)', 'Port (dst_port)', 'Bytes'])
  expect(csvCells(columns, 80)).toEqual(['80', '81', '1000'])
})
