/**
 * Adds flows to the sums of the graph, each once: beside the sums, in the same transaction, stands how far each source was added. Flows come in
 * the order of their source, so that what lies before that is known to be in the sums, however often it is sent again.
 */
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import type { GraphClient, Writing } from './client.ts'
import type { Statement } from './map-cypher.ts'
import { objectNode } from './map-node.ts'
import { addTalks, type Talk } from './map-traffic.ts'

/** The last flow of a source that is in the sums. */
interface Place {
  readonly epoch: number
  readonly sequence: number
  readonly row: number
  /** Unix ms of the newest frame: a source that begins to count anew tells of later ones. */
  readonly received: number
}

// Its lock is had before anything else: of two that add flows of one source one waits.
const readText =
  'UNWIND $keys AS key MERGE (d:DELIVERED {key: key}) SET d.at = datetime() RETURN d.key AS key, toFloat(d.epoch) AS epoch, toFloat(d.sequence) AS sequence, toFloat(d.row) AS row, toFloat(d.received) AS received'
const placeText =
  'UNWIND $rows AS place MATCH (d:DELIVERED {key: place.key}) SET d.epoch = toInteger(place.epoch), d.sequence = toInteger(place.sequence), d.row = toInteger(place.row), d.received = toInteger(place.received)'
const nodeText = 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set, n:WORKLOAD'
// Found by an id of its own: two that talk have a relationship for every hour, and these are not looked through.
const talkText = `UNWIND $rows AS row MATCH (s:RESOURCE {key: row.from}) MATCH (t:RESOURCE {key: row.to}) SET s.key = row.from
WITH row, s, t OPTIONAL MATCH ()-[x:TALKS_TO {id: row.id}]->() WITH row, s, t, collect(x) AS known
FOREACH (_ IN CASE WHEN size(known) = 0 THEN [1] ELSE [] END | CREATE (s)-[:TALKS_TO {id: row.id, hour: datetime({epochMillis: toInteger(row.hour)}), bytes: toInteger(row.bytes), packets: toInteger(row.packets), flows: toInteger(row.flows)}]->(t))
FOREACH (x IN known[0..1] | SET x.bytes = x.bytes + toInteger(row.bytes), x.packets = x.packets + toInteger(row.packets), x.flows = x.flows + toInteger(row.flows))`

/** Never rejects. `writer`: who keeps the places; whoever else writes into the graph has another name. */
export function writeTraffic(
  client: GraphClient,
  writer: string,
  { token, pieces, retried }: Pick<SinkBatch, 'token' | 'pieces' | 'retried'>,
  signal: AbortSignal,
): Promise<Attempt> {
  // What was moved back by hand comes out of order: it is known by itself.
  const keyOf = ({ header }: SinkPiece): string => `${writer} ${retried ? token : header.source}`
  return client.write(async (writing) => {
    const places = await placesOf(writing, [...new Set(pieces.map(keyOf))].sort())
    const before = new Map(places)
    const talks = new Map<string, Talk>()
    for (const piece of pieces) {
      const key = keyOf(piece)
      const known = (retried ? before : places).get(key)
      addTalks(talks, piece, (row) => (retried ? known === undefined : isAfter(piece, row, known)))
      const last = piece.rows.at(-1) ?? 0
      if (isAfter(piece, last, known))
        places.set(key, {
          epoch: piece.header.epoch,
          sequence: piece.header.sourceSequence,
          row: piece.firstRow + last,
          received: Math.max(piece.header.received, known?.received ?? 0),
        })
    }
    await writing.run(statementsOf([...talks.values()], places))
  }, signal)
}

async function placesOf(writing: Writing, keys: readonly string[]): Promise<Map<string, Place>> {
  const rows = await writing.ask(readText, { keys })
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

/** A folder that was lost begins with the first epoch again; what it tells came later. */
function isAfter({ header, firstRow }: SinkPiece, row: number, known: Place | undefined): boolean {
  if (known === undefined || header.received > known.received) return true
  const here = [header.epoch, header.sourceSequence, firstRow + row]
  const there = [known.epoch, known.sequence, known.row]
  const differs = here.findIndex((number, index) => number !== there[index])
  return differs >= 0 && (here[differs] ?? 0) > (there[differs] ?? 0)
}

function statementsOf(talks: readonly Talk[], places: ReadonlyMap<string, Place>): Statement[] {
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
    { text: placeText, parameters: { rows: [...places].map(([key, place]) => ({ key, ...place })) } },
  ]
}
