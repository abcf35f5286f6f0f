import type { FlowBatch } from '../../model/batches.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import type { BatchTexts } from './values.ts'
import { flattenedView, plainView, type View } from './view.ts'

export class BatchView {
  readonly batch: FlowBatch
  readonly texts: BatchTexts
  readonly view: View
  readonly ids = new Map<string, Int32Array>()
  readonly masks: (Uint8Array | undefined)[] = []
  readonly empty = new Set<number>()

  constructor(batch: FlowBatch, texts: BatchTexts, view: View) {
    this.batch = batch
    this.texts = texts
    this.view = view
  }

  union(masks: readonly Uint8Array[]): Uint8Array {
    const all = new Uint8Array(this.view.count)
    for (const mask of new Set(masks)) for (let i = 0; i < all.length; i++) all[i] = all[i]! | mask[i]!
    return all
  }
}

export function viewOf(
  batch: FlowBatch,
  rows: Uint32Array,
  flatten: readonly FlowFieldName[],
  texts: BatchTexts,
): View {
  if (flatten.length === 0) return plainView(rows)
  return flattenedView(batch, rows, flatten, (field, row) => {
    const column = batch.columns[field]
    return column?.kind === 'json' ? texts.elements(column.codes[row]!).length : 0
  })
}
