import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { Investigation, LaneName } from '../../../../src/api/published.ts'
import { asApiError } from '../../api/problem.ts'
import { fixedLink } from '../../app/fixed-link.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { count } from '../../parts/format.ts'
import { fileName } from '../../parts/file-name.ts'
import { Grid } from '../../parts/grid.tsx'
import { saveText } from '../../parts/save-file.ts'
import { EmptyState, ErrorState, Loading, NoStore, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { StatusLine } from '../../parts/status-line.tsx'
import { WhyDrawer } from '../../parts/why/why-drawer.tsx'
import { isMoving } from '../../state/range.ts'
import { pathOfRef } from '../../state/refs.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { appText } from '../../text/app.ts'
import { reportOf, useInvestigation } from './queries.ts'
import { investigateText } from './text.ts'
import { whyText } from '../../parts/why/text.ts'
import { NoSubject, SubjectBox } from './choose.tsx'
import { columnsOf } from './columns.tsx'
import { Details } from './details.tsx'
import { eventsOf, type LaneEvent } from './events.ts'
import { Lanes } from './lanes.tsx'
import { Notes, withNote } from './notes.tsx'
import { MomentsDrawer, momentsOf } from './moments-drawer.tsx'
import { investigateCodec, type InvestigateState } from './state.ts'
import '../../parts/objects/objects.css'
import '../../parts/audit/audit.css'
import './investigate.css'

const keyOf = ({ key }: LaneEvent) => key

export default function InvestigatePage(): React.ReactNode {
  const { state, unread, set } = usePageState(investigateCodec)
  const { of, t } = state
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const answer = useInvestigation(of, t, revision)
  const { data, error } = answer
  useTitle(data === undefined || of === '' ? appText.investigate : investigateText.titleOf(data.subject.text))
  return (
    <div className="page investigate">
      <h1 className="spoken">
        {data === undefined ? appText.investigate : investigateText.titleOf(data.subject.text)}
      </h1>
      <div className="page-bar">
        <SubjectBox
          of={of}
          onChoose={(subject) =>
            set({ of: subject, pins: [], notes: [], sel: '', why: false, cmp: false, a: '', b: '', pinned: false })
          }
        />
        <TimeControl frame={state} onChange={set} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {of === '' ? (
        <NoSubject />
      ) : data !== undefined ? (
        <>
          {error !== null && <StaleNotice error={error} onRetry={again} />}
          <Subject
            of={data}
            waiting={error === null ? answer.waiting : []}
            state={state}
            set={set}
            busy={answer.isFetching}
            onRefresh={again}
          />
        </>
      ) : error === null ? (
        <Loading what={investigateText.theLanes} />
      ) : asApiError(error).code === 'WEIR_API_NO_STORE' ? (
        <NoStore title={investigateText.needsStore} />
      ) : (
        <ErrorState error={error} onRetry={again} />
      )}
    </div>
  )
}

type SubjectProps = Pick<PageState<InvestigateState>, 'state' | 'set'> &
  Readonly<{ of: Investigation; waiting: readonly LaneName[]; busy: boolean; onRefresh: () => void }>

function Subject({ of, waiting, state, set, busy, onRefresh }: SubjectProps) {
  const { t, pins, notes, hide, sel } = state
  const [failed, setFailed] = useState('')
  const events = useMemo(() => eventsOf(of), [of])
  const shown = events.filter(({ key, lane }) => !hide.includes(lane) && (!state.pinned || pins.includes(key)))
  const columns = useMemo(
    () =>
      columnsOf(pins, notes, ({ key }) =>
        set(
          pins.includes(key)
            ? { pins: pins.filter((pin) => pin !== key), notes: withNote(notes, key, '') }
            : { pins: [...pins, key] },
          'replace',
        ),
      ),
    [pins, notes, set],
  )
  const open = ({ key }: LaneEvent) => set({ sel: key, why: false, cmp: false })
  const report = () => {
    setFailed('')
    reportOf(state.of, t, { pins, notes }).then(
      (text) => saveText(text, `${fileName('weir', of.subject.text)}.md`, 'text/markdown'),
      (error: unknown) => setFailed(asApiError(error).message),
    )
  }
  return (
    <>
      <StatusLine
        busy={busy}
        onRefresh={onRefresh}
        end={<SubjectActs of={of} state={state} set={set} onReport={report} />}
      >
        <SubjectLink of={of} />
        {of.namespaces !== null && (
          <span className="warning">{investigateText.limitedTo(of.namespaces.join(', '))}</span>
        )}
        {failed !== '' && (
          <span role="alert" className="bad">
            {failed}
          </span>
        )}
      </StatusLine>
      <div className="page-body">
        <div
          className="investigate-parts"
          aria-busy={busy}
          tabIndex={0}
          role="region"
          aria-label={investigateText.timeline}
        >
          <Lanes
            of={of}
            waiting={waiting}
            events={events}
            hide={hide}
            pins={pins}
            selected={sel}
            onHide={(lane) =>
              set({ hide: hide.includes(lane) ? hide.filter((hidden) => hidden !== lane) : [...hide, lane] }, 'replace')
            }
            onOpen={open}
            onSpan={(from, to) => set({ t: { from, to } })}
          />
          {state.pinned && shown.length > 0 && (
            <Notes of={shown} notes={notes} onNotes={(next) => set({ notes: next }, 'replace')} />
          )}
          <section className="panel table" aria-label={investigateText.events}>
            {shown.length === 0 && waiting.length > 0 ? (
              <Loading what={investigateText.theLanes} />
            ) : shown.length === 0 ? (
              <NoEvents pinned={state.pinned} hasHidden={events.length > 0} set={set} />
            ) : (
              <Grid
                label={investigateText.events}
                columns={columns}
                rows={shown}
                rowKey={keyOf}
                total={shown.length}
                selected={sel}
                onOpen={open}
              />
            )}
          </section>
        </div>
        <SubjectDrawer of={of} event={events.find(({ key }) => key === sel)} state={state} set={set} />
      </div>
    </>
  )
}

type SubjectDrawerProps = Pick<SubjectProps, 'of' | 'state' | 'set'> & Readonly<{ event: LaneEvent | undefined }>

function SubjectDrawer({ of, event, state, set }: SubjectDrawerProps) {
  if (state.cmp)
    return (
      <MomentsDrawer
        subject={of.subject.ref}
        {...momentsOf(state, of.span)}
        onMoments={(times) => set(times, 'replace')}
        onClose={() => set({ cmp: false })}
      />
    )
  if (state.why && of.filter !== null)
    return (
      <WhyDrawer
        query={{ filter: of.filter, from: of.span.from, to: of.span.to }}
        onClose={() => set({ why: false })}
      />
    )
  return (
    state.sel !== '' && (
      <Details
        of={state.sel}
        event={event}
        as={state.as}
        onAs={(as) => set({ as }, 'replace')}
        onClose={() => set({ sel: '' })}
      />
    )
  )
}

type SubjectActsProps = Omit<SubjectProps, 'busy' | 'onRefresh' | 'waiting'> & Readonly<{ onReport: () => void }>

function SubjectActs({ of, state, set, onReport }: SubjectActsProps) {
  const { t, pins } = state
  return (
    <>
      {of.filter !== null && (
        <>
          <button
            type="button"
            className="chip"
            aria-pressed={state.why}
            title={whyText.hint}
            onClick={() => set({ why: !state.why, sel: '', cmp: false })}
          >
            {whyText.title}
          </button>
          <Link
            className="button chip"
            to="/flows"
            search={{ v: '1', view: 'overview', live: '0', t: `${of.span.from}..${of.span.to}`, q: of.filter } as never}
          >
            {investigateText.showFlows}
          </Link>
          <AddToDashboard
            of={{
              t,
              panel: { kind: 'series', title: of.subject.text, filter: of.filter, group: 'src_endpoint', width: 4 },
            }}
          />
        </>
      )}
      <button
        type="button"
        className="chip"
        aria-pressed={state.cmp}
        title={investigateText.compareHint}
        onClick={() => set({ cmp: !state.cmp, a: '', b: '', why: false, sel: '' })}
      >
        {investigateText.compare}
      </button>
      <button
        type="button"
        className="chip"
        aria-pressed={state.pinned}
        title={investigateText.pinnedHint}
        onClick={() => set({ pinned: !state.pinned }, 'replace')}
      >
        {investigateText.pinned(count(pins.length))}
      </button>
      <CopyButton text={fixedLink(t)}>{investigateText.copyLink}</CopyButton>
      <button type="button" title={investigateText.markdownHint} onClick={onReport}>
        {investigateText.markdown}
      </button>
    </>
  )
}

type NoEventsProps = Readonly<{ pinned: boolean; hasHidden: boolean; set: SubjectProps['set'] }>

function NoEvents({ pinned, hasHidden, set }: NoEventsProps) {
  return (
    <EmptyState
      title={pinned ? investigateText.noPins : investigateText.noEvents}
      action={
        hasHidden
          ? { text: investigateText.showAll, onClick: () => set({ pinned: false, hide: [] }) }
          : { text: investigateText.longer, onClick: () => set({ t: { from: 'now-1d', to: 'now' } }) }
      }
    >
      {investigateText.noEventsHint}
    </EmptyState>
  )
}

function SubjectLink({ of: { subject } }: { of: Investigation }) {
  const { is, ref, text } = subject
  if (is === 'address') return <b>{text}</b>
  if (is === 'image' || is === 'account')
    return (
      <Link
        to={is === 'image' ? '/insights' : '/spend'}
        search={(is === 'image' ? { v: '1', q: text } : { v: '1', account: text }) as never}
        title={investigateText.openSubject}
      >
        <b>{text}</b>
      </Link>
    )
  return is === 'actor' ? (
    <Link to="/actor" search={{ v: '1', of: ref } as never} title={investigateText.openSubject}>
      <b>{text}</b>
    </Link>
  ) : (
    <Link to="/resource/$" params={{ _splat: pathOfRef(ref) } as never} title={investigateText.openSubject}>
      <b>{text}</b>
    </Link>
  )
}
