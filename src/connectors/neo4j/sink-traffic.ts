/** Exactly once: the position of each source is stored in the same transaction. */
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import type { GraphClient, Transaction } from './client.ts'
import type { Statement } from './map-cypher.ts'
import { objectNode } from './map-node.ts'
import { addFlows, type TrafficSum } from './map-traffic.ts'

type Position = Readonly<{
  epoch: number
  sequence: number
  row: number
  received: number
}>

// Locks first, which serializes transactions of the same source.
const readText =
  'UNWIND $keys AS key MERGE (d:DELIVERED {key: key}) SET d.at = datetime() RETURN d.key AS key, ' +
  'toFloat(d.epoch) AS epoch, toFloat(d.sequence) AS sequence, toFloat(d.row) AS row, toFloat(d.received) AS ' +
  'received'
const placeText =
  'UNWIND $rows AS place MATCH (d:DELIVERED {key: place.key}) SET d.epoch = toInteger(place.epoch), ' +
  'd.sequence = toInteger(place.sequence), d.row = toInteger(place.row), d.received = ' +
  'toInteger(place.received)'
const nodeText = 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set, n:WORKLOAD'
// Matched by an indexed id: a traversal would visit every hour.
const talkText =
  'UNWIND $rows AS row MATCH (s:RESOURCE {key: row.from}) MATCH (t:RESOURCE {key: row.to}) SET s.key = ' +
  'row.from\n' +
  'WITH row, s, t OPTIONAL MATCH ()-[x:TALKS_TO {id: row.id}]->() WITH row, s, t, collect(x) AS known\n' +
  'FOREACH (_ IN CASE WHEN size(known) = 0 THEN [1] ELSE [] END | CREATE (s)-[:TALKS_TO {id: row.id, ' +
  'hour: datetime({epochMillis: toInteger(row.hour)}), bytes: toInteger(row.bytes), packets: ' +
  'toInteger(row.packets), flows: toInteger(row.flows)}]->(t))\n' +
  'FOREACH (x IN known[0..1] | SET x.bytes = x.bytes + toInteger(row.bytes), x.packets = x.packets + ' +
  'toInteger(row.packets), x.flows = x.flows + toInteger(row.flows))'

export function writeTraffic(
  client: GraphClient,
  writer: string,
  { token, pieces, retried }: Pick<SinkBatch, 'token' | 'pieces' | 'retried'>,
  signal: AbortSignal,
): Promise<Attempt> {
  // Redriven rows are out of order and have their own position.
  const keyOf = ({ header }: SinkPiece) => `${writer} ${retried ? token : header.source}`
  return client.write(async (writing) => {
    const positions = await readPositions(writing, [...new Set(pieces.map(keyOf))].sort())
    const before = new Map(positions)
    const talks = new Map<string, TrafficSum>()
    for (const piece of pieces) {
      const key = keyOf(piece)
      const existing = (retried ? before : positions).get(key)
      addFlows(talks, piece, (row) => (retried ? existing === undefined : isAfter(piece, row, existing)))
      const last = piece.rows.at(-1) ?? 0
      if (isAfter(piece, last, existing))
        positions.set(key, {
          epoch: piece.header.epoch,
          sequence: piece.header.sourceSequence,
          row: piece.firstRow + last,
          received: Math.max(piece.header.received, existing?.received ?? 0),
        })
    }
    await writing.run(statementsOf([...talks.values()], positions))
  }, signal)
}

async function readPositions(writing: Transaction, keys: readonly string[]): Promise<Map<string, Position>> {
  const rows = await writing.query(readText, { keys })
  return new Map(
    rows.flatMap(({ key, epoch, sequence, row, received }) =>
      epoch === null
        ? []
        : [
            [
              String(key),
              { epoch: Number(epoch), sequence: Number(sequence), row: Number(row), received: Number(received) },
            ],
          ],
    ),
  )
}

/** After a recreated data folder epochs restart, but receive times are later. */
function isAfter({ header, firstRow }: SinkPiece, row: number, known: Position | undefined): boolean {
  if (known === undefined || header.received > known.received) return true
  const here = [header.epoch, header.sourceSequence, firstRow + row]
  const there = [known.epoch, known.sequence, known.row]
  const differs = here.findIndex((number, index) => number !== there[index])
  return differs >= 0 && (here[differs] ?? 0) > (there[differs] ?? 0)
}

function statementsOf(talks: readonly TrafficSum[], places: ReadonlyMap<string, Position>): Statement[] {
  const rows = talks.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const nodes = [...new Set(rows.flatMap(({ from, to }) => [from, to]))].sort().flatMap((key) => {
    const node = objectNode(key)
    return node === undefined ? [] : [{ key, set: node.set }]
  })
  return [
    ...(rows.length === 0
      ? []
      : [
          { text: nodeText, parameters: { rows: nodes } },
          { text: talkText, parameters: { rows } },
        ]),
    { text: placeText, parameters: { rows: [...places].map(([key, position]) => ({ key, ...position })) } },
  ]
}
