import type { ExporterReport, Pipeline, SourceExporters } from '../../../../src/api/published.ts'
import { PageLink } from '../../app/page-link.tsx'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { count, duration, perSecond, plainText, size, time } from '../../parts/format.ts'
import type { Exporters } from '../../api/exporters.ts'
import { kernelDrops, listOf } from './exporter-facts.ts'
import { meaningOf } from './exporter-words.ts'
import { marks } from './picture.tsx'
import type { PipelineView, Reasons, SinkView, SourceView } from '../../api/pipeline-view.ts'

interface DetailsProps {
  readonly sel: string
  readonly view: PipelineView
  readonly journal: Pipeline['journal']
  readonly exporters: Exporters | undefined
  readonly rates: ReadonlyMap<string, number>
  readonly onClose: () => void
}

/** Everything that is known of one part of the pipeline. */
export function Details({ sel, view, journal, exporters, rates, onClose }: DetailsProps): React.ReactNode {
  const kind = sel.split(':', 1)[0]
  const name = sel.slice(sel.indexOf(':') + 1)
  const source = view.sources.find((each) => kind === 'source' && each.name === name)
  const sink = view.sinks.find((each) => kind === 'sink' && each.name === name)
  const [of, address] = [name.split('/', 1)[0], name.slice(name.indexOf('/') + 1)]
  const listens = exporters?.sources.find((each) => each.name === (kind === 'exporter' ? of : name))
  const exporter = kind === 'exporter' ? listens?.exporters.find((each) => each.address === address) : undefined
  return (
    <Drawer
      of={sel}
      name="Details"
      title={kind === 'journal' ? 'Journal' : kind === 'exporter' ? address : name}
      onClose={onClose}
    >
      {kind === 'journal' && (
        <dl>
          <Fact name="Rows, ever accepted">{count(view.accepted)}</Fact>
          <Fact name="On disk">{size(journal.bytes)}</Fact>
          <Fact name="Segments">{count(journal.segments)}</Fact>
          <Fact name="Newest frame">{count(journal.sequence)}</Fact>
        </dl>
      )}
      {source !== undefined && <Source source={source} listens={listens} />}
      {sink !== undefined && <Sink sink={sink} rate={rates.get(sink.name)} />}
      {exporter !== undefined && listens !== undefined && <Exporter exporter={exporter} source={listens} />}
      {kind !== 'journal' && source === undefined && sink === undefined && exporter === undefined && (
        <p className="pad dim">Nothing of this name is known here now.</p>
      )}
    </Drawer>
  )
}

function ByReason({ title, reasons }: { readonly title: string; readonly reasons: Reasons }): React.ReactNode {
  const known = Object.entries(reasons).filter(([, rows]) => rows > 0)
  if (known.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {known.map(([reason, rows]) => (
          <Fact key={reason} name={reason.replaceAll('_', ' ')}>
            {count(rows)}
          </Fact>
        ))}
      </dl>
    </section>
  )
}

function Source({
  source,
  listens,
}: {
  readonly source: SourceView
  readonly listens: SourceExporters | undefined
}): React.ReactNode {
  return (
    <>
      {listens?.why !== undefined && <p className="why">{listens.why}</p>}
      {source.error !== undefined && <p className="why bad">{source.error}</p>}
      <dl>
        <Fact name="Type">{source.type || 'not running'}</Fact>
        {source.addresses.map((address) => (
          <Fact key={address} name="Listens at">
            <span className="mono">{address}</span>
          </Fact>
        ))}
        <Fact name="Rate">{perSecond(source.rate)}</Fact>
        <Fact name="Accepted">{count(source.accepted)}</Fact>
        <Fact name="Duplicates, left out">{count(source.duplicates)}</Fact>
        <Fact name="Unreadable since" tone={source.unreadable > 0 ? 'bad' : undefined}>
          {count(source.unreadable)}
        </Fact>
        {listens !== undefined && <Fact name="Exporters">{count(listens.exporters.length)}</Fact>}
        {listens !== undefined && (
          <Fact name="Dropped by the kernel">{count(kernelDrops({ ...listens, known: 0 }))}</Fact>
        )}
      </dl>
      <ByReason title="Shed: came, and was never accepted" reasons={source.shed} />
    </>
  )
}

function Sink({ sink, rate }: { readonly sink: SinkView; readonly rate: number | undefined }): React.ReactNode {
  const [mark, tone] = marks[sink.state]
  return (
    <>
      {sink.error !== undefined && <p className="why bad">{sink.error}</p>}
      <dl>
        <Fact name="State" tone={tone}>
          {mark} {sink.state === 'gone' ? 'not running' : sink.state}
        </Fact>
        <Fact name="Type">{sink.type || '–'}</Fact>
        <Fact name="From">{sink.from.join(', ') || 'every source'}</Fact>
        <Fact name="Lag">{duration(sink.lagMs)}</Fact>
        <Fact name="Delivers">{rate === undefined ? '–' : perSecond(rate)}</Fact>
      </dl>
      <section>
        <h3>Where the rows of its sources are</h3>
        <dl>
          {sink.parts.map(({ name, rows }) => (
            <Fact key={name} name={name}>
              {count(rows)}
            </Fact>
          ))}
          <Fact name="accepted" tone={sink.balanced ? 'good' : 'bad'}>
            {sink.balanced ? '= ' : '≠ '}
            {count(sink.accepted)}
          </Fact>
        </dl>
      </section>
      {sink.parts
        .filter(({ reasons }) => Object.keys(reasons).length > 0)
        .map(({ name, reasons }) => (
          <ByReason key={name} title={`${name}, by reason`} reasons={reasons} />
        ))}
      {sink.parts.some(({ name, rows }) => name === 'dead letters' && rows > 0) && (
        <p className="pad">
          <PageLink to="/dead-letters">Look at the dead letters</PageLink>
        </p>
      )}
    </>
  )
}

/** `missingDatagrams` → `missing datagrams` */
const words = (key: string): string => key.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)

function Exporter({
  exporter: { why, address: _address, domains, bytes, lastSeen, lastRow, ...facts },
  source,
}: {
  readonly exporter: ExporterReport
  readonly source: SourceExporters
}): React.ReactNode {
  const told = Object.entries(facts).filter(([, value]) => typeof value === 'number' || typeof value === 'string')
  const spent = Object.entries((bytes ?? {}) as Reasons).filter(([, value]) => value > 0)
  return (
    <>
      {why !== undefined && <p className="why">{why}</p>}
      <dl>
        <Fact name="Source">{source.name}</Fact>
        <Fact name="Last datagram">{time(new Date(lastSeen).toISOString())}</Fact>
        <Fact name="Last flow">{typeof lastRow === 'number' ? time(new Date(lastRow).toISOString()) : 'none yet'}</Fact>
        {told.map(([name, value]) => (
          <Fact key={name} name={words(name)} meaning={meaningOf(name, value)}>
            {typeof value === 'number' ? count(value) : plainText(value)}
          </Fact>
        ))}
        <Fact name="dropped by the kernel, of everybody">{count(kernelDrops({ ...source, known: 0 }))}</Fact>
      </dl>
      {spent.length > 0 && (
        <section>
          <h3>Where its bytes went</h3>
          <dl>
            {spent.map(([name, value]) => (
              <Fact key={name} name={name}>
                {size(value)}
              </Fact>
            ))}
          </dl>
        </section>
      )}
      {listOf(domains).map((domain) => (
        <section key={`${plainText(domain['port'])}/${plainText(domain['domain'])}`}>
          <h3>
            {domain['version'] === 9 ? 'Source id' : 'Observation domain'} {plainText(domain['domain'])}, port{' '}
            {plainText(domain['port'])}/{plainText(domain['transport'])}
          </h3>
          <dl>
            <Fact name="Templates">{(domain['templates'] as readonly number[] | undefined)?.join(' ') || 'none'}</Fact>
            <Fact name="Last announced">
              {typeof domain['lastTemplate'] === 'number'
                ? time(new Date(domain['lastTemplate']).toISOString())
                : 'never'}
            </Fact>
            <Fact name="Data waits for">
              {(domain['waitingFor'] as readonly number[] | undefined)?.join(' ') || 'nothing'}
            </Fact>
            <Fact name="Sampling">
              {typeof domain['sampling'] === 'number' ? `1 in ${count(domain['sampling'])}` : 'not told'}
            </Fact>
          </dl>
        </section>
      ))}
    </>
  )
}
