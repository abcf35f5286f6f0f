import { integer } from './scalars.ts'
import { bytes } from './quantities.ts'

export const labelValue = bytes(
  { description: 'Maximum size of the value of a label', default: '2KiB' },
  { min: '16B', max: '1MiB' },
)

/** Bounds of the labels that a source takes from others. */
export const labelFields = {
  max_label_name: bytes(
    { description: 'Maximum size of the name of a label', default: '1KiB' },
    { min: '16B', max: '64KiB' },
  ),
  max_label_value: labelValue,
  max_labels: integer(
    { description: 'Maximum labels of a series or stream', unit: 'labels', default: 100 },
    { min: 1, max: 10_000 },
  ),
}

export type LabelBounds = Readonly<{ max_label_name: number; max_label_value: number; max_labels: number }>
