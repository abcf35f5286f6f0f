/** Packages, problems and facts of reports, as events about the service of an environment. Pure. */
import { createHash } from 'node:crypto'
import {
  clipped,
  distinctProblems,
  eventsOfReport,
  readReport,
  severityOf,
  type Report,
  type Reserve,
} from '../../../codecs/sbom/index.ts'
import type { ImageData } from '../../../model/image-insights.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { reportFile, type DirectFact, type DirectProblem, type ImageReport } from '../../../model/insights.ts'
import { withoutUndefined } from '../../../model/json.ts'

export type Origin = Readonly<{
  cluster: string
  namespace: string
  project: string
  environment: string
  /** Unix ms. */
  now: number
  /** Equal for repetitions of one request. */
  written: number
}>

/**
 * The service stands for its image: whoever writes into a namespace must not replace the reports of others' images by
 * naming their digest, and posted problems name none.
 */
function imageOf({ cluster, namespace, project, environment }: Origin, service: string): ImageData {
  const name = [project, environment, service].filter((part) => part !== '').join('/')
  return {
    digest: `lagoon:${cluster}/${namespace}/${service}`,
    ...(name === '' ? {} : { name }),
  }
}

/** Rejects with a ReportError. */
export async function contentsOfImage(
  report: ImageReport,
  origin: Origin,
  maxBytes: number,
  reserve?: Reserve,
): Promise<readonly WeirEvent[]> {
  const file = reportFile(report)
  if (file === undefined) return []
  const { waivers: _, ...read } = await readReport(file.bytes, maxBytes, reserve)
  const { digest, aliases = [], ...image } = read.image
  const ownImage = imageOf(origin, report.service)
  const others = [...new Set([...(digest === undefined ? [] : [digest]), ...aliases])]
  return eventsOfReport(
    { ...read, image },
    {
      sha256: sha256Of(file.bytes),
      time: origin.now,
      written: origin.written,
      origin: `${origin.namespace}/${file.name}`,
      // Posted facts and problems of a source with the name of the scanner stay.
      channel: 'builds',
      image: withoutUndefined<ImageData>({ ...ownImage, aliases: others.length === 0 ? undefined : others }),
    },
  )
}

export type Posted = Readonly<{ kind: 'facts'; items: readonly DirectFact[] }> | PostedProblems
type PostedProblems = Readonly<{ kind: 'problems'; items: readonly DirectProblem[] }>

/** Each source and service has its own report, which replaces the one before. */
export function contentsOfPosted(posted: Posted, origin: Origin): readonly WeirEvent[] {
  const groups = new Map<string, [source: string, service: string, items: (DirectFact | DirectProblem)[]]>()
  for (const item of posted.items) {
    const { source = '', service = '' } = item
    const key = JSON.stringify([source, service])
    const [, , items] = groups.get(key) ?? groups.set(key, [source, service, []]).get(key) ?? ['', '', []]
    items.push(item)
  }
  return [...groups.values()].flatMap(([source, service, items]) =>
    eventsOfPlace({ ...posted, items } as Posted, { source, service }, origin),
  )
}

type PostedPlace = Readonly<{ source: string; service: string }>

/** The report of one source and service; without items it ends what the one before has. */
export function eventsOfPlace(
  { kind, items }: Posted,
  { source, service }: PostedPlace,
  origin: Origin,
): readonly WeirEvent[] {
  const tool = { name: clipped(source, 200) ?? 'unknown' }
  const report: Report =
    kind === 'facts'
      ? { format: 'lagoon-facts', tool, image: {}, facts: factsOf(items) }
      : { format: 'lagoon-problems', tool, image: {}, problems: distinctProblems(items.flatMap(problemOf)) }
  return eventsOfReport(report, {
    sha256: sha256Of(JSON.stringify([kind, source, service, items])),
    time: origin.now,
    written: origin.written,
    origin: `${origin.namespace}/${kind}`,
    image: imageOf(origin, service),
  })
}

/** The last fact of a name wins. */
function factsOf(items: readonly DirectFact[]): Report['facts'] & object {
  const named = items.filter(({ name }) => name !== '')
  const facts = named.map(({ name, value, category, type }) => ({
    name: clipped(name) ?? '',
    value: clipped(value) ?? '',
    category: category !== '' ? category : type !== '' ? type : 'fact',
  }))
  return [...new Map(facts.map((fact) => [`${fact.category}/${fact.name}`, fact])).values()]
}

function problemOf(item: DirectProblem): Parameters<typeof distinctProblems>[0] {
  const { identifier, severity, severityScore, associatedPackage, version, fixedVersion, description, links } = item
  if (identifier === '') return []
  return [
    withoutUndefined({
      id: identifier,
      severity: severityOf(severity),
      score: severityScore,
      package: nonEmpty(associatedPackage),
      version: nonEmpty(version),
      fixed: nonEmpty(fixedVersion),
      description: clipped(nonEmpty(description)),
      links: nonEmpty(links) === undefined ? undefined : [links ?? ''],
    }),
  ]
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
