/** `weir investigate SUBJECT --compare TIME`. */
import type { Moments } from '../topics/investigate/moments/schema.ts'
import type { Server } from './client.ts'
import type { Data, Row } from './output.ts'
import { timeText } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'

export type MomentsFlags = Readonly<{ compare: string; to?: string; window?: string; limit?: string }>

export async function momentsData(server: Server, subject: string, flags: MomentsFlags): Promise<Data> {
  const { compare, to, window, limit } = flags
  const query = new URLSearchParams({ subject, a: compare })
  for (const [name, value] of Object.entries({ b: to, window, limit })) if (value !== undefined) query.set(name, value)
  const answer = await server.json<Moments>('GET', `/api/v1/investigate/moments?${query.toString()}`)
  const rows = differencesOf(answer)
  return { whole: answer, rows, columns: ['part', 'name', 'a', 'b'], table: () => momentsText(answer, rows) }
}

const textOf = (value: unknown): string | null =>
  value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)

function differencesOf({ exists, fields, relations, images, problems, traffic, cost }: Moments): readonly Row[] {
  const side = (is: 'added' | 'removed') => (is === 'added' ? { a: null, b: 'yes' } : { a: 'yes', b: null })
  return [
    ...(exists === null || exists.a === exists.b
      ? []
      : [{ part: 'object', name: 'exists', a: exists.a ? 'yes' : 'no', b: exists.b ? 'yes' : 'no' }]),
    ...fields.map(({ path, a, b }) => ({ part: 'object', name: path, a: textOf(a), b: textOf(b) })),
    ...images.map(({ is, image }) => ({ part: 'image', name: image, ...side(is) })),
    ...(problems ?? []).map(({ is, id, severity, package: name }) => ({
      part: 'problem',
      name: [severity, id, name].filter((text) => text !== null).join(' '),
      ...side(is),
    })),
    ...relations.map(({ is, relation, from, to }) => ({
      part: 'relation',
      name: `${from} ${relation} ${to}`,
      ...side(is),
    })),
    ...(traffic === null
      ? []
      : [
          { part: 'traffic', name: 'all bytes', a: traffic.a.bytes, b: traffic.b.bytes },
          ...traffic.pairs.map(({ from, to, a, b }) => ({ part: 'traffic', name: `${from} → ${to}`, a, b })),
        ]),
    ...cost.map(({ currency, a, b }) => ({ part: 'cost', name: `${currency} of the day`, a, b })),
  ]
}

function momentsText({ subject, a, b, notes }: Moments, rows: readonly Row[]): string {
  const lines = rows.map((row) => [row['part'], row['name'], row['a'], row['b']].map((cell) => oneLine(cellText(cell))))
  return [
    `${oneLine(subject.text)}, ${timeText(a)} and ${timeText(b)} UTC\n\n`,
    textTable(['part', 'name', timeText(a), timeText(b)], lines),
    ...notes.map(({ part, note }) => `${part}: ${oneLine(note)}\n`),
  ].join('')
}

const cellText = (cell: unknown): string =>
  cell === null || cell === undefined ? '–' : String(cell as string | number)
