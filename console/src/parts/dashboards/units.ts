import type { PanelUnit, Threshold } from './definition.ts'
import { duration, size, volume } from '../format.ts'

const compact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5, notation: 'compact' })
const plain = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5 })
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 })
const bitSteps = ['bit', 'kbit', 'Mbit', 'Gbit', 'Tbit', 'Pbit']

function bits(value: number): string {
  const at = Math.abs(value) < 1000 ? 0 : Math.min(bitSteps.length - 1, Math.floor(Math.log10(Math.abs(value)) / 3))
  return `${plain.format(Number((value / 1000 ** at).toPrecision(3)))} ${bitSteps[at]}`
}

/** Texts of negative values as those of positive ones. */
const signed = (text: (value: number) => string) => (value: number) => (value < 0 ? `−${text(-value)}` : text(value))

const formats: Readonly<Record<PanelUnit | '', (value: number) => string>> = {
  '': (value) => compact.format(value),
  number: (value) => compact.format(value),
  bytes: signed(size),
  bytes_per_second: signed((value) => `${volume(value)}/s`),
  bits: signed(bits),
  bits_per_second: signed((value) => `${bits(value)}/s`),
  percent: (value) => percent.format(value / 100),
  ratio: (value) => percent.format(value),
  seconds: signed((value) => (value < 172_800 ? duration(value * 1000) : days(value))),
  milliseconds: signed((value) => (value === 0 ? '0 ms' : duration(value))),
  per_second: (value) => `${compact.format(value)}/s`,
}

function days(seconds: number) {
  return `${plain.format(Number((seconds / 86_400).toPrecision(3)))} d`
}

export function unitFormat(unit: PanelUnit | ''): (value: number) => string {
  return (value) => (Number.isFinite(value) ? formats[unit](value) : '–')
}

/** Of the highest threshold that the value reaches. */
export function toneAt(value: number, thresholds: readonly Threshold[]): Threshold['tone'] | undefined {
  return thresholds.findLast(({ at }) => value >= at)?.tone
}
