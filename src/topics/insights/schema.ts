import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { insightTexts, severities, type InsightPart } from '../../model/image-insights.ts'
import { atParameter, nullText, oneOf, orNull, pageFrame, parameters, type Of } from '../schema.ts'

const selection = (example: string) => ({
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'Filter (see `weir help filters`). Unset: every row.',
      examples: [example],
    }),
  ),
  at: atParameter,
  image: Optional(Text({ maxLength: 4096, description: 'Digests of images, comma-separated.' })),
  text: Optional(
    Text({
      maxLength: 500,
      description: 'Words to search, all of which a row must have; case-insensitive.',
      examples: ['log4j 2.14'],
    }),
  ),
})

/** Orders in which problems can be sorted. */
const problemSorts = ['severity', 'epss', 'priority'] as const
export type ProblemSort = (typeof problemSorts)[number]

const sort = Optional(
  oneOf(problemSorts, { default: 'severity', description: 'Order; priority: exploited, then EPSS.' }),
)

const traffic = Optional(
  Text({
    pattern: '^\\d{1,5}[smhd]$',
    default: '1h',
    description: 'Time before `at` of the flows that count; up to `7d`.',
  }),
)

const paging = {
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum rows of a page.' })),
  cursor: Optional(
    Text({
      maxLength: 8192,
      description: '`next` of the previous page. All other parameters must be the same.',
    }),
  ),
}

const problemExample = 'severity = CRITICAL and exists(fixed_version) and pods > 0'
export const ProblemSumsParameters = parameters({ ...selection(problemExample), traffic })
export const ProblemsParameters = parameters({ ...selection(problemExample), sort, traffic, ...paging })

/** Orders in which flaws can be sorted. */
const flawSorts = ['reach', 'severity', 'epss', 'priority'] as const
export type FlawSort = (typeof flawSorts)[number]

export const FlawsParameters = parameters({
  ...selection(problemExample),
  sort: Optional(
    oneOf(flawSorts, {
      default: 'reach',
      description:
        'Order; reach: without waiver, most exposed, exploited, then severity; priority: exploited, then EPSS.',
    }),
  ),
  traffic,
  ...paging,
})
export type FlawsQuery = Of<typeof FlawsParameters>

export const PackagesParameters = parameters({
  ...selection('name = log4j-core and version = 2.14.* and pods > 0'),
  ...paging,
})
export const FactsParameters = parameters({ ...selection('category = environment and name = LAGOON_*'), ...paging })
export const ImagesParameters = parameters({ ...selection('critical > 0 and pods > 0'), traffic, ...paging })

/** Parameters of all lists; some lists have fewer parameters. */
export type InsightQuery = Of<typeof ProblemsParameters>

const texts = (description?: string) => ArrayOf(Text(), description === undefined ? {} : { description })
const count = (description?: string) => orNull(Integer(description === undefined ? {} : { description }))

const runningFields = () => ({
  pods: Integer({ description: 'Pods that run the image at that time.' }),
  clusters: texts(),
  namespaces: texts(),
  workloads: texts('`<namespace>/<kind>/<name>`.'),
})

/** Kinds of exposure, the most exposed first. */
export const exposures = ['external', 'other_namespaces', 'own_namespace', 'idle', 'not_running'] as const

const exposed = () => ({
  exposure: orNull(
    oneOf(exposures, {
      description:
        'Widest origin of the traffic that the workloads received: outside, other namespaces or nodes, their own ' +
        'namespace; idle: none; null: no flows are stored for the time.',
    }),
  ),
  exposed_ports: ArrayOf(Integer(), {
    description: 'Ports of that traffic, the one with most bytes first; at most 20.',
  }),
})

const reported = () => ({
  image: Text({ description: 'Digest.' }),
  image_name: nullText(),
  tool: Text({ description: 'Program that wrote the report.' }),
  tool_version: nullText(),
  valid_from: Text({ description: 'Time of the first report that has the row.' }),
  valid_to: nullText('null: the newest report of the tool has it.'),
  ...runningFields(),
})

const textsOf = <const Part extends InsightPart>(part: Part) =>
  Object.fromEntries(insightTexts[part].map(({ name, meaning }) => [name, nullText(`${meaning}.`)])) as Record<
    (typeof insightTexts)[Part][number]['name'],
    ReturnType<typeof nullText>
  >

const PackageRow = ObjectOf({
  ...textsOf('packages'),
  name: Text(),
  ...reported(),
})
export type PackageRow = Of<typeof PackageRow>

const ProblemRow = ObjectOf({
  id: Text({ examples: ['CVE-2021-44228'] }),
  aliases: texts('Other ids of the same flaw.'),
  severity: oneOf(severities),
  score: orNull(Real({ description: '0 to 1: a tenth of CVSS.' })),
  ...textsOf('problems'),
  waived: Flag({ description: 'A waiver, or the state, excludes that it affects the image.' }),
  waiver: nullText('Status of the OpenVEX statement.'),
  waiver_reason: nullText(),
  epss: orNull(Real({ description: 'EPSS: probability of exploitation within 30 days; null: unknown.' })),
  kev: orNull(Flag({ description: 'CISA lists it as exploited; null: no catalog is configured.' })),
  ...reported(),
  ...exposed(),
})
export type ProblemRow = Of<typeof ProblemRow>

export const FlawRow = ObjectOf({
  id: Text({ description: 'The CVE, if a tool names one.', examples: ['CVE-2021-44228'] }),
  aliases: texts('Other ids of the same flaw.'),
  severity: oneOf(severities, { description: 'The worst that a tool reports.' }),
  score: orNull(Real({ description: '0 to 1: a tenth of the largest CVSS.' })),
  packages: texts('Names.'),
  fixed_versions: texts(),
  waived: Flag({ description: 'A waiver, or the state, excludes that it affects any of the images.' }),
  epss: orNull(Real({ description: 'EPSS: probability of exploitation within 30 days; null: unknown.' })),
  kev: orNull(Flag({ description: 'CISA lists it as exploited; null: no catalog is configured.' })),
  images: Integer({ description: 'Images with it.' }),
  image_names: texts('Repositories of these images.'),
  findings: Integer({ description: 'Each package of an image with it, by each tool.' }),
  fixable: Integer({ description: 'Findings with a fixed version.' }),
  ...runningFields(),
  ...exposed(),
})
export type FlawRow = Of<typeof FlawRow>

const FactRow = ObjectOf({
  ...textsOf('facts'),
  name: Text(),
  ...reported(),
})
export type FactRow = Of<typeof FactRow>

const distinctIds = () => count('Distinct ids without waiver.')

const ImageRow = ObjectOf({
  image: Text({ description: 'Digest.' }),
  name: nullText(),
  tags: texts(),
  os: nullText(),
  architecture: nullText(),
  tools: texts(),
  packages: count('null: no report lists packages.'),
  findings: count('Problems in packages; null: no tool searched for problems.'),
  fixable: count(),
  waived: count('Findings with a waiver; the counts by severity omit them.'),
  critical: distinctIds(),
  high: distinctIds(),
  medium: distinctIds(),
  low: distinctIds(),
  negligible: distinctIds(),
  none: distinctIds(),
  unknown: distinctIds(),
  scanned: Flag({ description: 'false: no tool searched it for problems.' }),
  reported: nullText('Time of the first report that still holds.'),
  ...runningFields(),
  ...exposed(),
})
export type ImageRow = Of<typeof ImageRow>

export const insightRowSchemas = {
  packages: PackageRow,
  problems: ProblemRow,
  facts: FactRow,
  images: ImageRow,
} as const
export type InsightRows = { readonly [List in keyof typeof insightRowSchemas]: Of<(typeof insightRowSchemas)[List]> }
export type InsightList = keyof InsightRows
/** Row types of all lists, including {@link FlawRow}. */
export type ListedRows = InsightRows & Readonly<{ flaws: FlawRow }>

export const PackagePage = ObjectOf({ packages: ArrayOf(PackageRow), ...pageFrame() }, { $id: 'PackagePage' })
export const ProblemPage = ObjectOf({ problems: ArrayOf(ProblemRow), ...pageFrame() }, { $id: 'ProblemPage' })
export const FlawPage = ObjectOf({ flaws: ArrayOf(FlawRow), ...pageFrame() }, { $id: 'FlawPage' })
export const FactPage = ObjectOf({ facts: ArrayOf(FactRow), ...pageFrame() }, { $id: 'FactPage' })
export const ImagePage = ObjectOf({ images: ArrayOf(ImageRow), ...pageFrame() }, { $id: 'ImagePage' })

const Frame = ObjectOf(pageFrame())
/** The response of a list. */
export type InsightPage<List extends keyof ListedRows> = Of<typeof Frame> &
  Readonly<Record<List, readonly ListedRows[List][]>>

const SeveritySum = ObjectOf({
  severity: oneOf(severities),
  ids: Integer({ description: 'Distinct ids.' }),
  findings: Integer({ description: 'Each package of an image with a problem.' }),
  fixable: Integer({ description: 'Findings with a fixed version.' }),
  waived: Integer({ description: 'Findings with a waiver; the other numbers include them.' }),
  images: Integer({ description: 'Images with such problems.' }),
})
export type SeveritySum = Of<typeof SeveritySum>

export const ProblemSums = ObjectOf(
  { at: Text({ description: 'Time of the state.' }), severities: ArrayOf(SeveritySum) },
  { $id: 'ProblemSums' },
)
export type ProblemSums = Of<typeof ProblemSums>

const digest = (description?: string) =>
  Text({ pattern: '^sha256:[0-9a-f]{64}$', ...(description === undefined ? {} : { description }) })

export const ImageDiffParameters = parameters({
  from: digest('Digest of the first image.'),
  to: digest('Digest of the second image.'),
  at: atParameter,
})

export const ImageDiff = ObjectOf(
  {
    from: digest(),
    to: digest(),
    at: Text({ description: 'Time of the state.' }),
    packages: orNull(
      ArrayOf(
        ObjectOf({
          name: Text(),
          type: nullText(),
          from: texts('Versions that only the first image has; empty: added.'),
          to: texts('Versions that only the second image has; empty: removed.'),
        }),
        { description: 'Packages of different versions; null: an image has no report with packages.' },
      ),
    ),
    problems: orNull(
      ArrayOf(
        ObjectOf({
          id: Text(),
          severity: oneOf(severities),
          package: nullText(),
          in: oneOf(['from', 'to'], { description: 'from: gone; to: new.' }),
          waived: Flag(),
        }),
        { description: 'Problems that one image has, worst first; null: an image was not searched for problems.' },
      ),
    ),
  },
  { $id: 'ImageDiff' },
)
export type ImageDiff = Of<typeof ImageDiff>

/** Parameters in the path of a report. */
export const ReportParameters = ObjectOf({ digest: digest('Digest of the image.') })

export const StoredReport = ObjectOf({
  format: Text(),
  packages: count('Distinct packages; null: the document lists none.'),
  problems: count('Findings; null: the document has no search for problems.'),
  facts: count(),
  waivers: count(),
  skipped: Optional(Integer({ description: 'Parts of the document that are not readable; absent: none.' })),
  skipped_reason: Optional(Text()),
  accepted: Integer({ description: 'Events.' }),
})
export type StoredReport = Of<typeof StoredReport>
