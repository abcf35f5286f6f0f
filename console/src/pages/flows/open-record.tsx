import { lazy, Suspense } from 'react'
import type { RecordProps } from './record.tsx'

const Record = lazy(async () => ({ default: (await import('./record.tsx')).Record }))

/** The record of `sel`; '' is none. */
export function OpenRecord(props: RecordProps): React.ReactNode {
  return (
    props.sel !== '' && (
      <Suspense fallback={null}>
        <Record {...props} />
      </Suspense>
    )
  )
}
