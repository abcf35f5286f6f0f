import type { Relation, WholeResource } from '../../../api/objects.ts'
import { ResourceLink } from '../../../parts/links/resource-link.tsx'
import { counted } from '../../../parts/format.ts'
import { parseRef, refText } from '../../../state/refs.ts'
import { resourceText } from './text.ts'

type BelongsProps = Readonly<{
  of: WholeResource
  at: string
}>

const maxShown = 60

export function Relations({ of: { ref, owners, owned, relations }, at }: BelongsProps): React.ReactNode {
  const when = at === 'now' ? {} : { at }
  const chain = upwards(ref, owners)
  const node = (name: string): React.ReactNode =>
    name === ref ? (
      <b>{refText(name)}</b>
    ) : (
      <ResourceLink to={name} {...when}>
        {refText(name)}
      </ResourceLink>
    )
  const children = (parent: string, depth: number): React.ReactNode => {
    const all = depth > 8 ? [] : owned.filter(({ to }) => to === parent)
    const old = oldReplicaSets(all, owned)
    const current = all.filter((relation) => !old.includes(relation))
    return all.length === 0 ? null : (
      <ul>
        {current.slice(0, maxShown).map(({ from }) => (
          <li key={from}>
            {node(from)}
            {children(from, depth + 1)}
          </li>
        ))}
        {current.length > maxShown && <li className="dim">{resourceText.andMore(current.length - maxShown)}</li>}
        {old.length > 0 && (
          <li>
            <details>
              <summary className="dim">{counted(old.length, 'oldReplicaSet')}</summary>
              <ul>
                {old.slice(0, maxShown).map(({ from }) => (
                  <li key={from}>{node(from)}</li>
                ))}
              </ul>
            </details>
          </li>
        )}
      </ul>
    )
  }
  const tree = chain.reduceRight<React.ReactNode>(
    (below, owner) => (
      <ul>
        <li>
          {node(owner)}
          {below}
        </li>
      </ul>
    ),
    <ul>
      <li>
        {node(ref)}
        {children(ref, 0)}
      </li>
    </ul>,
  )
  const kinds = [...new Set(relations.map((relation) => relationName(relation, ref)))]
  return (
    <section className="panel" aria-label={resourceText.relations}>
      <h2>{resourceText.ownerChain}</h2>
      <div className="tree">
        {chain.length === 0 && owned.length === 0 ? <p className="dim">{resourceText.noOwner}</p> : tree}
      </div>
      {kinds.map((relationNames) => {
        const those = relations.filter((relation) => relationName(relation, ref) === relationNames)
        return (
          <div key={relationNames} className="related">
            <h3>
              {relationNames}
              {those.length > 1 ? `: ${counted(those.length, 'object')}` : ''}
            </h3>
            <ul>
              {those.slice(0, maxShown).map((relation) => {
                const opposite = relation.from === ref ? relation.to : relation.from
                return (
                  <li key={`${relation.relation} ${opposite}`}>
                    <ResourceLink to={opposite} {...when}>
                      {parseRef(opposite) === undefined ? (
                        <span className="mono">{opposite.replace(/^image:/, '')}</span>
                      ) : (
                        refText(opposite)
                      )}
                    </ResourceLink>
                  </li>
                )
              })}
            </ul>
          </div>
        )
      })}
    </section>
  )
}

const relationNames: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'runs-on': [resourceText.runsOn, resourceText.podsOnThisNode],
  'in-namespace': [resourceText.inNamespace, resourceText.contains],
  'uses-image': [resourceText.image, resourceText.usedBy],
  selects: [resourceText.leadsTo, resourceText.reachedBy],
  'provided-by': [resourceText.machine, resourceText.provides],
  'hosted-on': [resourceText.instance, resourceText.nodeOfInstance],
  serves: [resourceText.servesService, resourceText.loadBalancer],
}

function relationName({ relation, from }: Relation, ref: string) {
  return relationNames[relation]?.[from === ref ? 0 : 1] ?? relation
}

/** ReplicaSets without pods; without any pod the newest one is current. */
function oldReplicaSets(own: readonly Relation[], owned: readonly Relation[]): readonly Relation[] {
  const sets = own
    .filter(({ from }) => parseRef(from)?.kind === 'ReplicaSet')
    .toSorted((a, b) => (a.valid_from < b.valid_from ? 1 : -1))
  const empty = sets.filter(({ from }) => !owned.some(({ to }) => to === from))
  return empty.length === sets.length ? empty.slice(1) : empty
}

function upwards(ref: string, owners: readonly Relation[]): readonly string[] {
  const chain: string[] = []
  for (let here: string | undefined = ref; here !== undefined && chain.length < 8;) {
    const next = owners.find(({ from }) => from === here)?.to
    if (next === undefined || chain.includes(next)) break
    chain.unshift(next)
    here = next
  }
  return chain
}
