import type { Relation, WholeResource } from '../../api/objects.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { counted } from '../../parts/format.ts'
import { parseRef, refText } from '../../state/refs.ts'

interface BelongsProps {
  readonly of: WholeResource
  /** As the address has it, for the links: they lead to what the others were then. */
  readonly at: string
}

const mostShown = 60

/** Whose it is, what is its own, and with what else it has to do. */
export function Belongs({ of: { ref, owners, owned, relations }, at }: BelongsProps): React.ReactNode {
  const when = at === 'now' ? {} : { at }
  const chain = upwards(ref, owners)
  const node = (each: string): React.ReactNode =>
    each === ref ? (
      <b>{refText(each)}</b>
    ) : (
      <ResourceLink to={each} {...when}>
        {refText(each)}
      </ResourceLink>
    )
  const children = (parent: string, depth: number): React.ReactNode => {
    const own = depth > 8 ? [] : owned.filter(({ to }) => to === parent)
    return own.length === 0 ? null : (
      <ul>
        {own.slice(0, mostShown).map(({ from }) => (
          <li key={from}>
            {node(from)}
            {children(from, depth + 1)}
          </li>
        ))}
        {own.length > mostShown && <li className="dim">and {own.length - mostShown} more</li>}
      </ul>
    )
  }
  const tree = chain.reduceRight<React.ReactNode>(
    (below, each) => (
      <ul>
        <li>
          {node(each)}
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
  const kinds = [...new Set(relations.map((each) => saidOf(each, ref)))]
  return (
    <section className="panel" aria-label="Belongs to">
      <h2>Owner chain</h2>
      <div className="tree">
        {chain.length === 0 && owned.length === 0 ? <p className="dim">Nothing owns it, and it owns nothing.</p> : tree}
      </div>
      {kinds.map((said) => {
        const those = relations.filter((each) => saidOf(each, ref) === said)
        return (
          <div key={said} className="related">
            <h3>
              {said}
              {those.length > 1 ? `: ${counted(those.length, 'object')}` : ''}
            </h3>
            <ul>
              {those.slice(0, mostShown).map((each) => {
                const other = each.from === ref ? each.to : each.from
                return (
                  <li key={`${each.relation} ${other}`}>
                    <ResourceLink to={other} {...when}>
                      {parseRef(other) === undefined ? (
                        <span className="mono">{other.replace(/^image:/, '')}</span>
                      ) : (
                        refText(other)
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

const said: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'runs-on': ['Runs on', 'Pods on it'],
  'in-namespace': ['In namespace', 'In it'],
  'uses-image': ['Image', 'Used by'],
  selects: ['Leads to', 'Reached by'],
  'provided-by': ['Machine', 'Provides'],
}

function saidOf({ relation, from }: Relation, ref: string): string {
  return said[relation]?.[from === ref ? 0 : 1] ?? relation
}

/** Its owner, the owner of that and so on; the one at the top first. */
export function upwards(ref: string, owners: readonly Relation[]): readonly string[] {
  const chain: string[] = []
  for (let here: string | undefined = ref; here !== undefined && chain.length < 8;) {
    const next: string | undefined = owners.find(({ from }) => from === here)?.to
    if (next === undefined || chain.includes(next)) break
    chain.unshift(next)
    here = next
  }
  return chain
}
