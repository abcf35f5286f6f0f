import { narrowest, widest, type Widths } from '../../parts/grid-widths.ts'
import type { Part } from '../../state/codec.ts'

export function fieldNames(): Part<readonly string[]> {
  return {
    usual: [],
    read: (written) => {
      const names = written.split(',')
      return names.every((name) => /^(?:\w+|extra\.[\w./-]+)$/.test(name)) ? [...new Set(names)] : undefined
    },
    write: (value) => value.join(','),
  }
}

export function resized(widths: Widths, id: string, width: number | undefined): Widths {
  const { [id]: _before, ...others } = widths
  return width === undefined ? others : { ...others, [id]: width }
}

export function columnWidths(): Part<Widths> {
  return {
    usual: {},
    read: (written) => {
      const widths: Record<string, number> = {}
      for (const item of written.split(',')) {
        const [, id = '', px = ''] = /^(\w+|extra\.[\w./-]+):(\d{1,4})$/.exec(item) ?? []
        const width = Number(px)
        if (id === '' || width < narrowest || width > widest) return undefined
        widths[id] = width
      }
      return widths
    },
    write: (value) =>
      Object.entries(value)
        .map(([id, width]) => `${id}:${width}`)
        .join(','),
  }
}
