/** Tests of endpoints in a statement, by which files and rows are selected before names are joined. */
import { isRecord } from '../../model/json.ts'
import { indexedFields } from '../endpoint-index/indexes.ts'
import { isColumn, restrictionsOf, textTest } from './receipt.ts'
import { endpointPartOf } from './views.ts'

/** Only rows for which it is true are needed. */
export type Needle =
  | Readonly<{ is: 'test'; column: string; texts: readonly string[] }>
  | Readonly<{ is: 'all' | 'any'; parts: readonly Needle[] }>

const maxTexts = 100

/** The needle of all reads of flows. Undefined if one read can need any row. */
export function needleOf(tree: unknown): Needle | undefined {
  const parts = restrictionsOf(tree, 'flows', needleIn)
  if (parts === undefined) return undefined
  const [only, ...more] = new Map(parts.map((part) => [JSON.stringify(part), part])).values()
  return more.length === 0 ? only : { is: 'any', parts: [only!, ...more] }
}

function needleIn(condition: unknown, table: string): Needle | undefined {
  if (!isRecord(condition)) return undefined
  const children = Array.isArray(condition['children']) ? (condition['children'] as unknown[]) : []
  const parts = () => children.map((child) => needleIn(child, table))
  if (condition['type'] === 'CONJUNCTION_AND') {
    const needles = parts().filter((part) => part !== undefined)
    return needles.length === 0 ? undefined : { is: 'all', parts: needles }
  }
  if (condition['type'] === 'CONJUNCTION_OR') {
    const any = parts()
    return any.every((part) => part !== undefined) ? { is: 'any', parts: any } : undefined
  }
  const test = textTest(condition)
  if (test === undefined || test.texts.length > maxTexts || !isRecord(test.of)) return undefined
  const names = Array.isArray(test.of['column_names']) ? (test.of['column_names'] as unknown[]) : []
  const column = String(names.at(-1)).toLowerCase()
  const of = endpointPartOf(column)
  return of !== undefined && indexedFields.includes(of.field) && isColumn(test.of, { column, table })
    ? { is: 'test', column, texts: test.texts }
    : undefined
}

export function testsIn(needle: Needle): readonly Extract<Needle, { is: 'test' }>[] {
  return needle.is === 'test' ? [needle] : needle.parts.flatMap(testsIn)
}
