import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import type { ImageRow, InsightPage } from '../../../../../src/topics/insights/schema.ts'
import { request } from '../../../api/client.ts'
import type { WholeResource } from '../../../api/objects.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import { count } from '../../../parts/format.ts'
import { imageText, shortImage } from '../../../parts/image-text.ts'
import { QueryError } from '../../../parts/states.tsx'
import { parseRef } from '../../../state/refs.ts'
import { resourceText } from './text.ts'

const kinds = new Set(['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'])

export function ProblemsOf({ of, at }: { of: WholeResource; at: string }): React.ReactNode {
  const parts = parseRef(of.ref)
  const digests = (of.now?.data.images ?? []).flatMap(({ id }) => /sha256:[0-9a-f]{64}/.exec(id ?? '') ?? [])
  const isPod = parts?.kind === 'Pod'
  const selection = isPod
    ? { filter: digests.map((digest) => `image = "${digest}"`).join(' or ') }
    : { filter: `workload = ${JSON.stringify(`${parts?.namespace}/${parts?.kind}/${parts?.name}`)}` }
  const problems = useQuery({
    queryKey: ['insights', 'of', of.ref, selection, at],
    staleTime: 30_000,
    enabled: parts !== undefined && kinds.has(parts.kind) && (!isPod || digests.length > 0),
    queryFn: ({ signal }) =>
      request<InsightPage<'images'>>('/api/v1/images', { query: { ...selection, at, limit: 20 }, signal }),
  })
  const images = problems.data?.images ?? []
  if (problems.isError) return <QueryError of={problems} />
  if (images.length === 0) return null
  return (
    <section className="panel happened" aria-label={resourceText.problemsOfImages}>
      <h2>
        {resourceText.problemsOfImages}
        <AddToDashboard
          as="mark"
          of={{
            panel: {
              kind: 'insights',
              title: resourceText.problemsOfImages,
              view: 'images',
              filter: selection.filter,
              limit: 20,
              width: 4,
            },
          }}
        />
      </h2>
      <ul>
        {images.map((image) => (
          <li key={image.image}>
            <Link to="/insights" search={{ v: '1', image: image.image } as never} className="mono">
              <span title={imageText(image.name, image.image)}>{shortImage(imageText(image.name, image.image))}</span>
            </Link>
            <span className="says">
              <Counts of={image} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Counts({ of }: { of: ImageRow }) {
  const { findings, critical, high, fixable } = of
  if (findings === null) return <span className="warning">{resourceText.imageNotScanned}</span>
  return (
    <span className={(critical ?? 0) + (high ?? 0) > 0 ? 'bad' : undefined}>
      {resourceText.countsOf(count(critical ?? 0), count(high ?? 0), count(findings), count(fixable ?? 0))}
    </span>
  )
}
