import { auditText } from './text.ts'
import { generalText } from '../../text/general.ts'
export const noValue = '(none)'

export function valueText(value: string): string {
  const [sign, bare] = value.startsWith('!') ? [auditText.notPrefix, value.slice(1)] : ['', value]
  return `${sign}${bare === noValue ? generalText.unknown : bare.replace(/^user:/, '')}`
}
