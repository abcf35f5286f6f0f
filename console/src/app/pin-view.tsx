import { useState } from 'react'
import type { IncidentPin } from '../api/incidents.ts'
import { useMe } from '../api/queries.ts'
import { PinTargets } from '../parts/incidents/pin-targets.tsx'
import { PinnedLink } from '../parts/incidents/pinned-link.tsx'
import { pinText } from '../parts/incidents/text.ts'
import { fixedRange, type Range } from '../state/range.ts'
import { appText } from '../text/app.ts'
import { fixedLink } from './fixed-link.ts'

const maxTitle = 250

/** For admins: the page with the time range `t` becomes a pin of an incident. */
export function PinView({ t, now }: { t: Range; now: number }): React.ReactNode {
  const me = useMe()
  const [open, setOpen] = useState(false)
  const [pinned, setPinned] = useState('')
  if (me.data?.role !== 'admin') return null
  return (
    <>
      <div className="line">
        <button type="button" aria-expanded={open} title={pinText.pinViewHint} onClick={() => setOpen(!open)}>
          {pinText.pinView}
        </button>
        <PinnedLink id={pinned} />
      </div>
      {open && (
        <PinTargets
          pin={pinOf(t, now)}
          onPinned={(id) => {
            setPinned(id)
            setOpen(false)
          }}
        />
      )}
    </>
  )
}

function pinOf(t: Range, now: number): IncidentPin {
  const { pathname, search } = new URL(fixedLink(t, now))
  const page = document.title.replace(appText.windowTitle(''), '').slice(0, maxTitle)
  const { from } = fixedRange(t, now)
  const title = pinText.viewTitle(page, from.slice(0, 16).replace('T', ' '))
  return { title, path: pathname + search, time: null, namespace: null }
}
