import { styleText } from 'node:util'
import { self } from '../host/process.ts'

export function colour(style: 'bold' | 'green' | 'yellow' | 'red', text: string): string {
  return self.interactive && process.stdout.hasColors() ? styleText(style, text, { validateStream: false }) : text
}
