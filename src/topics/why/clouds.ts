import { parseKubernetesRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { Candidate, ReasonName, Workload } from './types.ts'
import type { RunQuery } from './workloads.ts'

type Link = Readonly<{ relation: string; from: string; to: string }>

const maxLinks = 20_000

/**
 * The workloads with the cloud resources that they depend on: the machines of their nodes, the pools and attachments
 * of these, and the load balancers and DNS records of their services.
 */
export async function cloudsOf(
  workloads: readonly Workload[],
  candidates: readonly Candidate[],
  span: TimeSpan,
  run: Readonly<{ dialect: Dialect; runQuery: RunQuery }>,
): Promise<readonly Workload[]> {
  if (!candidates.some(({ is }) => is === 'resource')) return workloads
  const near = await linksOf(span, "relation IN ('hosted-on', 'serves')", run)
  if (near.length === 0) return workloads
  const ends = [...new Set(near.map(({ relation, from, to }) => (relation === 'serves' ? from : to)))]
  const among = `(${ends.map(run.dialect.text).join(', ')})`
  const far = await linksOf(
    span,
    `relation IN ('attached-to', 'part-of', 'resolves-to') AND (from_ref IN ${among} OR to_ref IN ${among})`,
    run,
  )
  return workloads.map((workload) => ({ ...workload, clouds: dependenciesOf(workload, near, far) }))
}

async function linksOf(
  { from, to }: TimeSpan,
  where: string,
  { dialect, runQuery }: Readonly<{ dialect: Dialect; runQuery: RunQuery }>,
): Promise<readonly Link[]> {
  const { time } = dialect
  const rows = await runQuery(
    `SELECT DISTINCT relation, from_ref, to_ref FROM relations WHERE ${where} AND valid_from < ${time(to)} AND ` +
      `(valid_to IS NULL OR valid_to > ${time(from)}) ORDER BY relation, from_ref, to_ref LIMIT ${maxLinks}`,
  )
  return rows.map(({ relation, from_ref: source, to_ref: target }) => ({
    relation: String(relation),
    from: String(source),
    to: String(target),
  }))
}

const farReasons: Readonly<Record<string, ReasonName>> = { 'attached-to': 'attached', 'part-of': 'pool' }

function dependenciesOf(workload: Workload, near: readonly Link[], far: readonly Link[]) {
  const actors = new Map<string, ReasonName>()
  const isOf = (ref: string, names: ReadonlySet<string>, namespace: string) => {
    const object = parseKubernetesRef(ref)
    const inCluster = workload.cluster === null || object?.cluster === workload.cluster
    return object !== undefined && inCluster && object.namespace === namespace && names.has(object.name)
  }
  for (const { relation, from, to } of near)
    if (relation === 'hosted-on' && isOf(from, workload.nodes, '')) actors.set(to, 'machine')
    else if (relation === 'serves' && isOf(to, workload.services, workload.namespace)) actors.set(from, 'balancer')
  const direct = new Map(actors)
  for (const { relation, from, to } of far)
    for (const [end, peer] of [
      [from, to],
      [to, from],
    ] as const) {
      const reason = direct.get(end) === 'machine' ? farReasons[relation] : direct.has(end) ? 'balancer' : undefined
      if (reason !== undefined && !actors.has(peer)) actors.set(peer, reason)
    }
  return actors
}
