import { lazy, Suspense } from 'react'
import { Popover } from '../../parts/popover.tsx'
import type { FlowColumn } from '../../parts/flows/columns.tsx'
import type { Widths } from '../../parts/grid-widths.ts'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../parts/flows/text.ts'

type Shown = Readonly<{
  cols: readonly string[]
  w: Widths
}>

const load = () => import('./column-choice.tsx')
const ColumnChoice = lazy(async () => ({ default: (await load()).ColumnChoice }))

export type PickerProps = Readonly<{
  all: ReadonlyMap<string, FlowColumn>
  chosen: readonly string[]
  widths: Widths
  onChange: (change: Partial<Shown>) => void
}>

export function ColumnPicker(props: PickerProps): React.ReactNode {
  return (
    <Popover
      label={
        <>
          {generalText.columns} <span aria-hidden="true">▾</span>
        </>
      }
      name={flowsText.tableColumns}
      preload={() => void load()}
    >
      {() => (
        <Suspense fallback={null}>
          <ColumnChoice {...props} />
        </Suspense>
      )}
    </Popover>
  )
}
