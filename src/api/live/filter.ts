import type { Resolver } from '../../engine/contracts.ts'
import type { FrameHeader } from '../../journal/types.ts'
import type { Batch, BatchKind } from '../../model/batches.ts'
import { bind, compileLive, nameTables, parse } from '../../query/index.ts'
import type { Principal } from '../access/principal.ts'
import { withinScope } from '../../topics/scope.ts'
import { cellReader } from './cells.ts'
import type { Cell } from '../../topics/cells.ts'

export type Where = Readonly<Record<string, string | number | boolean>>

type Predicate = (row: number) => boolean

export type BatchFilter = (batch: Batch, header: FrameHeader, resolver: Resolver | undefined) => Predicate

export function batchFilter(
  { stream, where, filter }: { stream: BatchKind; where: Where; filter: string },
  principal: Principal,
): BatchFilter | undefined {
  const names = nameTables[stream]
  const expression = withinScope(parse(filter, names), principal, stream)
  const matches =
    expression.is === 'and' && expression.parts.length === 0 ? undefined : compileLive(bind(expression, names))
  if (Object.keys(where).length === 0) return matches
  if (matches === undefined) return (batch, header, resolver) => bindWhere(where, batch, header, resolver)
  return (batch, header, resolver) => {
    const [first, second] = [bindWhere(where, batch, header, resolver), matches(batch, header, resolver)]
    return (row) => first(row) && second(row)
  }
}

/** Numbers compare by value, times as instants, all else by bytes. An absent field equals nothing. */
function bindWhere(where: Where, batch: Batch, header: FrameHeader, resolver: Resolver | undefined): Predicate {
  const tests = Object.entries(where).map(([name, expected]) => {
    const read = cellReader(batch, header, name, resolver)
    const same = sameAs(name, expected)
    return (row: number) => same(read(row))
  })
  return (row) => tests.every((test) => test(row))
}

function sameAs(name: string, expected: string | number | boolean): (cell: Cell) => boolean {
  const written = String(expected)
  if ((name.startsWith('time_') && name !== 'time_skewed') || name === 'time') {
    const instant = Date.parse(written)
    return (cell) => typeof cell === 'string' && Date.parse(cell) === instant
  }
  return (cell) => cell !== null && (typeof cell === 'object' ? JSON.stringify(cell) : String(cell)) === written
}
