import { useState } from 'react'
import type { Frame } from '../state/frame.ts'

type Shown = Pick<Frame, 't' | 'live'>

const most = 20
const same = (a: Shown | undefined, b: Shown) => a !== undefined && a.t.from === b.t.from && a.t.to === b.t.to

/** The time range before the shown one. Going back, with the browser as well, removes it. */
export function usePreviousRange({ t, live }: Shown): Shown | undefined {
  const [{ shown, before }, setState] = useState<Readonly<{ shown: Shown; before: readonly Shown[] }>>({
    shown: { t, live },
    before: [],
  })
  const next = { t, live }
  if (!same(shown, next)) {
    const isBack = same(before.at(-1), next)
    setState({ shown: next, before: isBack ? before.slice(0, -1) : [...before.slice(1 - most), shown] })
  } else if (shown.live !== live) setState({ shown: next, before })
  return before.at(-1)
}
