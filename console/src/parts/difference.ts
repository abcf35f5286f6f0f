import { partsText } from '../text/parts.ts'

const signed = new Intl.NumberFormat('en-US', { signDisplay: 'exceptZero', maximumFractionDigits: 1 })

/** `+12.5 %` of the earlier value; empty if one of them is unknown. */
export function difference(now: number | null | undefined, earlier: number | null | undefined): string {
  if (now === null || now === undefined || earlier === null || earlier === undefined) return ''
  if (earlier === 0) return now === 0 ? partsText.unchanged : partsText.isNew
  return `${signed.format((100 * (now - earlier)) / earlier).replace('-', '−')} %`
}
