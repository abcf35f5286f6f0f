import { Link } from '@tanstack/react-router'
import type { CloudResource, CloudRow } from './requests.ts'
import { AddToDashboard } from '../dashboards/add-button.tsx'
import { Fact } from '../drawer.tsx'
import { count, momentAt, plainText, size, volume } from '../format.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { literal } from '../filter-text.ts'
import { money } from '../money.ts'
import { TrafficAround } from '../why/traffic-link.tsx'
import { cloudId, parseRef } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { inventoryText, relationNames } from './text.ts'
import { differenceText } from './difference-text.ts'
import { findingText, StateText, typeText } from './texts.tsx'
import './cloud.css'

/** Level of the headings: of cards of a page, or within a drawer. */
type Part = Readonly<{ of: CloudResource; h: 'h2' | 'h3' }>

/** State, price and costs. Without `costs` they are still loading. */
export function CloudFacts({
  of,
  costs,
}: {
  of: CloudRow
  costs: CloudResource['costs'] | undefined
}): React.ReactNode {
  const { finding, cost_per_hour: price, currency, tags, attributes, addresses, created, last_change: changed } = of
  const texts: readonly (readonly [name: string, value: string | null])[] = [
    [generalText.type, typeText(of.type)],
    [inventoryText.provider, of.provider],
    [inventoryText.account, of.account],
    [generalText.region, of.region],
    [inventoryText.size, of.size],
    [inventoryText.cores, of.cpu_cores === null ? null : count(of.cpu_cores)],
    [inventoryText.gpus, of.gpus === null ? null : count(of.gpus)],
    [inventoryText.memory, of.memory_bytes === null ? null : size(of.memory_bytes)],
    [inventoryText.disk, of.disk_bytes === null ? null : size(of.disk_bytes)],
    [inventoryText.nodes, of.nodes === null ? null : count(of.nodes)],
    [inventoryText.parent, of.parent],
    [inventoryText.price, price === null ? null : money(price, currency)],
    [inventoryText.created, created === null ? null : momentAt(Date.parse(created))],
    [inventoryText.firstSeen, momentAt(Date.parse(of.first_seen))],
    [inventoryText.lastChange, changed === null ? null : momentAt(Date.parse(changed))],
    [inventoryText.addresses, addresses.length === 0 ? null : addresses.join(', ')],
    [inventoryText.tags, pairs(tags)],
    [inventoryText.attributes, pairs(attributes)],
  ]
  return (
    <dl className="facts">
      <Fact name={inventoryText.id}>
        <span className="mono">{of.id}</span>
      </Fact>
      <Fact name={inventoryText.state}>
        <StateText of={of.state} />
      </Fact>
      {finding !== null && (
        <Fact name={inventoryText.finding} tone="warning">
          {findingText(finding)}
        </Fact>
      )}
      {texts.map(([name, value]) =>
        value === null ? null : (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ),
      )}
      {costs != null && (
        <Fact name={inventoryText.costs} tone={costs.length === 0 ? 'dim' : undefined}>
          {costs.length === 0
            ? inventoryText.noCosts
            : costs.map(({ currency: unit, billed }) => money(billed, unit)).join(' + ')}
        </Fact>
      )}
    </dl>
  )
}

function pairs(of: Readonly<Record<string, unknown>> | null): string | null {
  const all = Object.entries(of ?? {})
  return all.length === 0 ? null : all.map(([name, value]) => `${name}=${plainText(value)}`).join(', ')
}

/** `onOpen` opens another cloud resource in place; without it, the link leads to its page. */
export function CloudRelations({
  of: { ref, relations },
  h: Title,
  onOpen,
}: Part & Readonly<{ onOpen?: (ref: string) => void }>): React.ReactNode {
  return (
    <>
      <Title>{inventoryText.relations}</Title>
      {relations.length === 0 && <p className="dim">{inventoryText.noRelations}</p>}
      <ul className="cloud-list">
        {relations.map(({ relation, from, to }) => {
          const [forth, back] = relationNames[relation] ?? [relation, relation]
          const opposite = from === ref ? to : from
          const object = parseRef(opposite)
          return (
            <li key={`${relation} ${opposite}`}>
              <span className="dim">{from === ref ? forth : back}</span>{' '}
              {object !== undefined ? (
                <ResourceLink to={opposite}>
                  {object.kind} {object.name}
                </ResourceLink>
              ) : onOpen !== undefined ? (
                <button type="button" className="quiet" title={opposite} onClick={() => onOpen(opposite)}>
                  {cloudId(opposite)}
                </button>
              ) : (
                <ResourceLink to={opposite}>{cloudId(opposite)}</ResourceLink>
              )}
            </li>
          )
        })}
      </ul>
    </>
  )
}

export function CloudTraffic({ of, h: Title }: Part): React.ReactNode {
  const { traffic } = of
  if (traffic === null) return null
  const { node, sent, received } = traffic
  return (
    <>
      <Title>
        {inventoryText.traffic(node)}{' '}
        <AddToDashboard
          as="mark"
          of={{
            panel: {
              kind: 'series',
              title: `${generalText.flows}: ${node}`,
              group: 'src_endpoint',
              filter: filterOf(of) ?? '',
            },
          }}
        />
      </Title>
      <dl className="facts">
        <Fact name={inventoryText.sent}>{volume(Number(sent))}</Fact>
        <Fact name={inventoryText.received}>{volume(Number(received))}</Fact>
      </dl>
      <Link
        to="/flows"
        search={{ v: '1', t: 'now-1h..now', q: `any.node = ${JSON.stringify(node)}` } as never}
        className="button"
      >
        {inventoryText.showFlows}
      </Link>
    </>
  )
}

/** Filter of the node that the resource hosts, else of its addresses; undefined: its flows are not known. */
function filterOf({ traffic, now }: CloudResource) {
  if (traffic !== null) return `either(node = ${literal(traffic.node)})`
  const addresses = now?.addresses ?? []
  return addresses.length === 0 ? undefined : `either(addr in (${addresses.join(', ')}))`
}

export function CloudHistory({ of, h: Title }: Part): React.ReactNode {
  const { changes } = of
  const filter = filterOf(of)
  return (
    <>
      <Title>{inventoryText.history}</Title>
      {changes.length === 0 && <p className="dim">{inventoryText.noHistory}</p>}
      <ul className="cloud-list">
        {changes.map(({ time, operation, changes: fields, actor }) => (
          <li key={`${time} ${operation}`}>
            <span className="mono">{momentAt(Date.parse(time))}</span> {operation}
            {actor !== null && (
              <>
                {generalText.byActor('')}
                <ActorLink to={actor} name={null} />
              </>
            )}{' '}
            {filter !== undefined && <TrafficAround filter={filter} time={time} />}
            {fields?.map((field) => (
              <div key={field.path}>{differenceText(field)}</div>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
