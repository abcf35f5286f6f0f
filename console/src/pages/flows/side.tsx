import { lazy, Suspense, useState } from 'react'
import type { PageState } from '../../state/use-page-state.ts'
import type { ChangeView } from '../../state/open-change.ts'
import { questionQuery } from './flow-filter.ts'
import { markOf } from './marks.ts'
import type { FlowsState, ShownFlows } from './state.ts'

const WhyDrawer = lazy(async () => ({ default: (await import('../../parts/why/why-drawer.tsx')).WhyDrawer }))
const RecordDrawer = lazy(async () => ({ default: (await import('../../parts/record-drawer.tsx')).RecordDrawer }))

type SideProps = Readonly<{ state: ShownFlows; set: PageState<FlowsState>['set'] }>

/** What changed before the time range, or one marked change. */
export function Side({ state, set }: SideProps): React.ReactNode {
  const [as, setAs] = useState<ChangeView>('diff')
  const { mark, why, t } = state
  if (mark === '' && !why) return null
  const { is, pos } = markOf(mark)
  const onClose = () => set({ mark: '' })
  return (
    <Suspense>
      {mark === '' ? (
        <WhyDrawer query={{ ...questionQuery(state), from: t.from, to: t.to }} onClose={() => set({ why: false })} />
      ) : (
        <RecordDrawer is={is} of={pos} as={as} onAs={setAs} onClose={onClose} />
      )}
    </Suspense>
  )
}
