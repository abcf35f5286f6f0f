import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import {
  changeIncident,
  deleteIncident,
  exportIncident,
  incidentStates,
  useIncident,
  useIncidentActs,
  type Incident,
} from '../../api/incidents.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { fileName } from '../../parts/file-name.ts'
import { time } from '../../parts/format.ts'
import { Blocks } from '../../parts/markdown/blocks.tsx'
import { blocksOf } from '../../parts/markdown/markdown.ts'
import { saveText } from '../../parts/save-file.ts'
import { Notice, Pending } from '../../parts/states.tsx'
import { rangeText } from '../../state/range.ts'
import { generalText } from '../../text/general.ts'
import { Candidates } from './candidates.tsx'
import { StateMark } from './columns.tsx'
import { Editor } from './editor.tsx'
import { History } from './history.tsx'
import { Pins } from './pins.tsx'
import { signalOf } from './signal.ts'
import { incidentsText } from './text.ts'

type DetailsProps = Readonly<{
  id: string
  mayEdit: boolean
  editing: boolean
  onEdit: (editing: boolean) => void
  onClose: () => void
}>

export function Details({ id, mayEdit, editing, onEdit, onClose }: DetailsProps): React.ReactNode {
  const answer = useIncident(id)
  const { data } = answer
  return (
    <Drawer of={id} name={incidentsText.incident} title={data?.title ?? incidentsText.incident} onClose={onClose}>
      {data === undefined ? (
        <Pending of={answer} what={incidentsText.theIncident} notFound={incidentsText.noSuchIncident} />
      ) : editing ? (
        <Editor of={data} onClose={() => onEdit(false)} />
      ) : (
        <Shown of={data} mayEdit={mayEdit} onEdit={() => onEdit(true)} onClose={onClose} />
      )}
    </Drawer>
  )
}

type ChangedIncident = Parameters<typeof changeIncident>[1]

type ShownProps = Readonly<{ of: Incident; mayEdit: boolean; onEdit: () => void; onClose: () => void }>

function Shown({ of, mayEdit, onEdit, onClose }: ShownProps) {
  const { id, title, notes, version, withheld } = of
  const [asks, setAsks] = useState(false)
  const { busy, refused, act, forget } = useIncidentActs()
  const change = (next: ChangedIncident) => {
    act(() => changeIncident(of, next)).catch(reportError)
  }
  const save = (format: 'md' | 'json', type: string) => {
    act(async () => saveText(await exportIncident(id, format), `${fileName('weir', title)}.${format}`, type)).catch(
      reportError,
    )
  }
  const remove = () =>
    act(async () => {
      await deleteIncident(of)
      onClose()
    })
  return (
    <>
      <Facts of={of} mayEdit={mayEdit} busy={busy} onChange={change} />
      {withheld && <Notice tone="plain">{incidentsText.withheld}</Notice>}
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
        </Notice>
      )}
      <p className="acts">
        {mayEdit && (
          <button type="button" className="primary" disabled={busy} onClick={onEdit}>
            {incidentsText.edit}
          </button>
        )}
        <CopyButton text={`${location.origin}/incidents?v=1&sel=${id}`}>{incidentsText.copyLink}</CopyButton>
        <button type="button" disabled={busy} onClick={() => save('md', 'text/markdown')}>
          {incidentsText.markdown}
        </button>
        <button type="button" disabled={busy} onClick={() => save('json', 'application/json')}>
          {incidentsText.json}
        </button>
        {mayEdit && (
          <button type="button" disabled={busy} onClick={() => setAsks(true)}>
            {incidentsText.delete}
          </button>
        )}
      </p>
      <h3>{incidentsText.candidates}</h3>
      <Candidates of={of.candidates} mayEdit={mayEdit} busy={busy} onChange={change} />
      <h3>{incidentsText.pins}</h3>
      <Pins of={of.pins} mayEdit={mayEdit} busy={busy} onChange={change} />
      <h3>{incidentsText.notes}</h3>
      <Notes of={notes} />
      <History id={id} version={version} />
      {asks && (
        <Confirm
          title={incidentsText.confirmDelete(title)}
          act={incidentsText.delete}
          final
          onNo={() => setAsks(false)}
          onYes={() => {
            setAsks(false)
            remove().catch(reportError)
          }}
        >
          <p>{incidentsText.deleteConsequence}</p>
        </Confirm>
      )}
    </>
  )
}

type FactsProps = Pick<ShownProps, 'of' | 'mayEdit'> &
  Readonly<{ busy: boolean; onChange: (next: ChangedIncident) => void }>

function Facts({ of, mayEdit, busy, onChange }: FactsProps) {
  const { state, namespaces, from, to, version, changed, by } = of
  return (
    <dl>
      <Fact name={incidentsText.state}>
        {mayEdit ? (
          <select
            aria-label={incidentsText.state}
            value={state}
            disabled={busy}
            onChange={({ target }) => {
              const next = incidentStates.find((name) => name === target.value)
              if (next !== undefined) onChange({ state: next })
            }}
          >
            {incidentStates.map((name) => (
              <option key={name} value={name}>
                {incidentsText.stateNames[name]}
              </option>
            ))}
          </select>
        ) : (
          <StateMark state={state} />
        )}
      </Fact>
      <Fact name={generalText.timeRange}>
        <span title={`${from} – ${to}`}>{rangeText({ from, to })}</span>
      </Fact>
      <Fact name={incidentsText.signal}>
        <Signal of={of} />
      </Fact>
      <Fact name={incidentsText.namespaces}>
        {namespaces.length === 0 ? <span className="dim">{incidentsText.noNamespaces}</span> : namespaces.join(', ')}
      </Fact>
      <Fact name={incidentsText.versionName}>{incidentsText.version(version, by, time(changed))}</Fact>
    </dl>
  )
}

function Signal({ of }: { of: Incident }) {
  const { text, to, search } = signalOf(of)
  return (
    <>
      <span className="mono">{text === '' ? incidentsText.allFlows : text}</span>{' '}
      {to !== undefined && (
        <Link to={to} search={search as never}>
          {incidentsText.showSignal}
        </Link>
      )}
    </>
  )
}

/** Texts of users: elements only, and links to other sites only with a scheme of the web. */
function Notes({ of }: { of: string }) {
  const blocks = useMemo(() => blocksOf(of.replaceAll(/\r\n?/g, '\n')), [of])
  if (blocks.length === 0) return <p className="dim">{incidentsText.noNotes}</p>
  return (
    <div className="incident-notes">
      <Blocks of={blocks} link={linkOf} />
    </div>
  )
}

function linkOf(text: string, to: string) {
  return /^https?:\/\//i.test(to) ? (
    <a href={to} rel="noreferrer" target="_blank">
      {text}
    </a>
  ) : (
    text
  )
}
