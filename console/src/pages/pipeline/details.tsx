import type { ExporterReport, Pipeline, SourceExporters } from '../../../../src/api/published.ts'
import { PageLink } from '../../app/page-link.tsx'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { count, duration, perSecond, plainText, size, time } from '../../parts/format.ts'
import type { Exporters } from '../../api/exporters.ts'
import { kernelDrops, listOf } from './exporter-facts.ts'
import { meaningOf } from './counter-text.ts'
import { FeedFacts } from './feeds.tsx'
import { marks } from './picture.tsx'
import type { PipelineView, Reasons, SinkView, SourceView } from '../../api/pipeline-view.ts'
import { partNames, pipelineText } from '../../text/pipeline.ts'
import { generalText } from '../../text/general.ts'

type DetailsProps = Readonly<{
  sel: string
  view: PipelineView
  journal: Pipeline['journal']
  exporters: Exporters | undefined
  rates: ReadonlyMap<string, number>
  onClose: () => void
}>

export function Details({ sel, view, journal, exporters, rates, onClose }: DetailsProps): React.ReactNode {
  const kind = sel.split(':', 1)[0]
  const name = sel.slice(sel.indexOf(':') + 1)
  const source = view.sources.find((candidate) => kind === 'source' && candidate.name === name)
  const sink = view.sinks.find((candidate) => kind === 'sink' && candidate.name === name)
  const [of, address] = [name.split('/', 1)[0], name.slice(name.indexOf('/') + 1)]
  const listens = exporters?.sources.find((candidate) => candidate.name === (kind === 'exporter' ? of : name))
  const exporter =
    kind === 'exporter' ? listens?.exporters.find((candidate) => candidate.address === address) : undefined
  return (
    <Drawer
      of={sel}
      name={pipelineText.details}
      title={kind === 'journal' ? pipelineText.journal : kind === 'exporter' ? address : name}
      onClose={onClose}
    >
      {kind === 'journal' && (
        <dl>
          <Fact name={pipelineText.rowsAccepted}>{count(view.accepted)}</Fact>
          <Fact name={pipelineText.onDisk}>{size(journal.bytes)}</Fact>
          <Fact name={pipelineText.segments}>{count(journal.segments)}</Fact>
          <Fact name={pipelineText.newestFrame}>{count(journal.sequence)}</Fact>
        </dl>
      )}
      {source !== undefined && <Source source={source} listens={listens} />}
      {sink !== undefined && <Sink sink={sink} rate={rates.get(sink.name)} />}
      {exporter !== undefined && listens !== undefined && <Exporter exporter={exporter} source={listens} />}
      {kind !== 'journal' && source === undefined && sink === undefined && exporter === undefined && (
        <p className="pad dim">{pipelineText.noSuchComponent}</p>
      )}
    </Drawer>
  )
}

function ByReason({ title, reasons }: { title: string; reasons: Reasons }) {
  const nonZero = Object.entries(reasons).filter(([, rows]) => rows > 0)
  if (nonZero.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {nonZero.map(([reason, rows]) => (
          <Fact key={reason} name={reason.replaceAll('_', ' ')}>
            {count(rows)}
          </Fact>
        ))}
      </dl>
    </section>
  )
}

function Source({ source, listens }: { source: SourceView; listens: SourceExporters | undefined }) {
  return (
    <>
      {listens?.why !== undefined && <p className="why">{listens.why}</p>}
      {source.error !== undefined && <p className="why bad">{source.error}</p>}
      <dl>
        <Fact name={generalText.type}>{source.type || pipelineText.derivedOrRemoved}</Fact>
        {source.addresses.map((address) => (
          <Fact key={address} name={pipelineText.listensOn}>
            <span className="mono">{address}</span>
          </Fact>
        ))}
        <Fact name={pipelineText.rate}>{perSecond(source.rate)}</Fact>
        <Fact name={pipelineText.lastRows}>
          {source.silentMs === undefined ? pipelineText.noneYet : pipelineText.ago(duration(source.silentMs))}
        </Fact>
        <Fact name={generalText.accepted}>{count(source.accepted)}</Fact>
        <Fact name={pipelineText.duplicatesDropped}>{count(source.duplicates)}</Fact>
        <Fact name={pipelineText.unreadableSince} tone={source.unreadable > 0 ? 'bad' : undefined}>
          {count(source.unreadable)}
        </Fact>
        {listens !== undefined && <Fact name={pipelineText.exporters}>{count(listens.exporters.length)}</Fact>}
        {listens !== undefined && (
          <Fact name={pipelineText.droppedByTheKernel}>{count(kernelDrops({ ...listens, known: 0 }))}</Fact>
        )}
      </dl>
      {source.feed !== undefined && <FeedFacts feed={source.feed} />}
      <ByReason title={pipelineText.shedHint} reasons={source.shed} />
    </>
  )
}

function Sink({ sink, rate }: { sink: SinkView; rate: number | undefined }) {
  const [mark, tone] = marks[sink.state]
  return (
    <>
      {sink.error !== undefined && <p className="why bad">{sink.error}</p>}
      <dl>
        <Fact name={pipelineText.state} tone={tone}>
          {mark} {sink.state === 'gone' ? pipelineText.notRunning : sink.state}
        </Fact>
        <Fact name={generalText.type}>{sink.type || '–'}</Fact>
        <Fact name={generalText.from}>{sink.from.join(', ') || pipelineText.everySource}</Fact>
        <Fact name={pipelineText.lag}>{duration(sink.lagMs)}</Fact>
        <Fact name={pipelineText.delivers}>{rate === undefined ? '–' : perSecond(rate)}</Fact>
      </dl>
      <section>
        <h3>{pipelineText.rowsByState}</h3>
        <dl>
          {sink.parts.map(({ name, rows }) => (
            <Fact key={name} name={partNames[name]}>
              {count(rows)}
            </Fact>
          ))}
          <Fact name={pipelineText.acceptedInText} tone={sink.balanced ? 'good' : 'bad'}>
            {sink.balanced ? '= ' : '≠ '}
            {count(sink.accepted)}
          </Fact>
        </dl>
      </section>
      {sink.parts
        .filter(({ reasons }) => Object.keys(reasons).length > 0)
        .map(({ name, reasons }) => (
          <ByReason key={name} title={pipelineText.byReason(partNames[name])} reasons={reasons} />
        ))}
      {sink.parts.some(({ name, rows }) => name === 'dead_letters' && rows > 0) && (
        <p className="pad">
          <PageLink to="/dead-letters">{pipelineText.showDeadLetters}</PageLink>
        </p>
      )}
    </>
  )
}

const words = (key: string) => key.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)

function Exporter({
  exporter: { why, address: _address, domains, bytes, lastSeen, lastRow, ...facts },
  source,
}: {
  exporter: ExporterReport
  source: SourceExporters
}) {
  const counters = Object.entries(facts).filter(([, value]) => typeof value === 'number' || typeof value === 'string')
  const spent = Object.entries((bytes ?? {}) as Reasons).filter(([, value]) => value > 0)
  return (
    <>
      {why !== undefined && <p className="why">{why}</p>}
      <dl>
        <Fact name={generalText.source}>{source.name}</Fact>
        <Fact name={pipelineText.lastDatagram}>{time(new Date(lastSeen).toISOString())}</Fact>
        <Fact name={pipelineText.lastFlow}>
          {typeof lastRow === 'number' ? time(new Date(lastRow).toISOString()) : pipelineText.noneYet}
        </Fact>
        {counters.map(([name, value]) => (
          <Fact key={name} name={words(name)} meaning={meaningOf(name, value)}>
            {typeof value === 'number' ? count(value) : plainText(value)}
          </Fact>
        ))}
        <Fact name={pipelineText.droppedByTheKernelAllExporters}>{count(kernelDrops({ ...source, known: 0 }))}</Fact>
      </dl>
      {spent.length > 0 && (
        <section>
          <h3>{pipelineText.bytesByType}</h3>
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
            {pipelineText.domainOf(
              domain['version'] === 9 ? pipelineText.sourceId : pipelineText.observationDomain,
              plainText(domain['domain']),
              plainText(domain['port']),
              plainText(domain['transport']),
            )}
          </h3>
          <dl>
            <Fact name={pipelineText.templates}>
              {(domain['templates'] as readonly number[] | undefined)?.join(' ') || generalText.none}
            </Fact>
            <Fact name={pipelineText.lastAnnounced}>
              {typeof domain['lastTemplate'] === 'number'
                ? time(new Date(domain['lastTemplate']).toISOString())
                : pipelineText.never}
            </Fact>
            <Fact name={pipelineText.dataHeldFor}>
              {(domain['waitingFor'] as readonly number[] | undefined)?.join(' ') || pipelineText.nothing}
            </Fact>
            <Fact name={pipelineText.sampling}>
              {typeof domain['sampling'] === 'number'
                ? pipelineText.sampledOne(count(domain['sampling']))
                : generalText.unknown}
            </Fact>
          </dl>
        </section>
      ))}
    </>
  )
}
