import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { operation } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import { packageDiffs, problemDiffs, type PackageOfImage, type ProblemOfImage } from './image-diff.ts'
import { readFlaws } from './flaws.ts'
import { readPage, selected, soughtBy } from './page.ts'
import {
  FactPage,
  FactsParameters,
  FlawPage,
  FlawsParameters,
  ImageDiff,
  ImageDiffParameters,
  ImagePage,
  ImagesParameters,
  PackagePage,
  PackagesParameters,
  ProblemPage,
  ProblemsParameters,
  ProblemSums,
  ProblemSumsParameters,
  type InsightList,
  type SeveritySum,
} from './schema.ts'
import { insightRows, severitySumsSql } from './sql.ts'

const listDescription = (sorted: string): string => `As of a time. ${sorted} All pages show the time of the first page.`

export const packages = operation({
  id: 'packages',
  summary: 'Packages of images, with the pods that run them',
  description: listDescription('Sorted by name, version and image.'),
  parameters: PackagesParameters,
  result: PackagePage,
  async run(query, surroundings) {
    const { rows, ...page } = await readPage('packages', query, surroundings)
    return { packages: rows, ...page }
  },
})

export const problems = operation({
  id: 'problems',
  summary: 'Problems in packages of images, with the pods that run them',
  description: listDescription('Sorted by severity, score, id and image, after the keys of `sort`.'),
  parameters: ProblemsParameters,
  result: ProblemPage,
  async run(query, surroundings) {
    const { rows, ...page } = await readPage('problems', query, surroundings)
    return { problems: rows, ...page }
  },
})

export const flaws = operation({
  id: 'flaws',
  summary: 'Problems, a row for each, with the images and pods that have it',
  description: listDescription('Sorted by severity, EPSS, score and id, after the keys of `sort`.'),
  parameters: FlawsParameters,
  result: FlawPage,
  run: readFlaws,
})

export const facts = operation({
  id: 'facts',
  summary: 'Facts of images, with the pods that run them',
  description: listDescription('Sorted by category, name and image.'),
  parameters: FactsParameters,
  result: FactPage,
  async run(query, surroundings) {
    const { rows, ...page } = await readPage('facts', query, surroundings)
    return { facts: rows, ...page }
  },
})

export const images = operation({
  id: 'images',
  summary: 'Images with reports, and images that run without one',
  description: listDescription('Sorted by the numbers of critical and high problems, and name.'),
  parameters: ImagesParameters,
  result: ImagePage,
  async run(query, surroundings) {
    const { rows, ...page } = await readPage('images', query, surroundings)
    return { images: rows, ...page }
  },
})

type SumRow = Readonly<Record<Exclude<keyof SeveritySum, 'severity'>, number | string>> & Pick<SeveritySum, 'severity'>

export const problemSums = operation({
  id: 'problemSums',
  summary: 'Numbers of problems by severity, worst first',
  description: 'As of a time; the parameters select as those of `problems`.',
  parameters: ProblemSumsParameters,
  result: ProblemSums,
  async run(query, surroundings) {
    const chosen = selected(query, 'problems', dialectOf(surroundings.store))
    const at = moment(query.at ?? 'now', 'at', surroundings.now)
    const { selection, conditions } = await soughtBy(query, { ...chosen, at }, surroundings)
    const rows = await readRows<SumRow>(surroundings, severitySumsSql(selection, conditions))
    const severities = rows.map(({ severity, ids, findings, fixable, waived, images: imageCount }) => ({
      severity,
      ids: Number(ids),
      findings: Number(findings),
      fixable: Number(fixable),
      waived: Number(waived),
      images: Number(imageCount),
    }))
    return { severities, at: isoOf(at) }
  },
})

type ScannedImage = Readonly<{ image: string; packages: number | null; findings: number | null }>

export const imageDiff = operation({
  id: 'imageDiff',
  summary: 'Packages and problems that differ between two images',
  description: 'As of a time. Both images need a report.',
  parameters: ImageDiffParameters,
  result: ImageDiff,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run({ from, to, at: written = 'now' }, surroundings) {
    const { store, viewer, now } = surroundings
    const dialect = dialectOf(store)
    const at = moment(written, 'at', now)
    const digests = [from, to].map((digest) => dialect.text(digest)).join(', ')
    const read = <Row>(list: InsightList, columns: string, order: string): Promise<Row[]> => {
      const rows = insightRows({ dialect, list, at, viewer, fields: [] })
      return readRows(surroundings, `SELECT ${columns} FROM (${rows}) WHERE image IN (${digests}) ORDER BY ${order}`)
    }
    const [scanned, ofPackages, ofProblems] = await Promise.all([
      read<ScannedImage>('images', 'image, packages, findings', 'image'),
      read<PackageOfImage>('packages', 'name, version, type, image', 'name, type'),
      read<ProblemOfImage>(
        'problems',
        'id, severity, package, waived, image',
        'severity_rank, score DESC NULLS LAST, id',
      ),
    ])
    const missing = [from, to].find((digest) => !scanned.some(({ image }) => image === digest))
    if (missing !== undefined)
      throw new Refusal('WEIR_API_NOT_FOUND', `No report of the image ${missing} is known at this time.`, [
        'GET /api/v1/images lists the known images.',
      ])
    return {
      from,
      to,
      at: isoOf(at),
      packages: scanned.some((image) => image.packages === null) ? null : packageDiffs(ofPackages, from),
      problems: scanned.some(({ findings }) => findings === null) ? null : problemDiffs(ofProblems, from),
    }
  },
})
