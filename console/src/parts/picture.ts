import { partsText } from '../text/parts.ts'

const left = 'button:not(.share-name), .popover, .spoken, [data-no-picture]'

export function pictureOf(element: Element, ratio = 2): HTMLCanvasElement {
  const box = element.getBoundingClientRect()
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(box.width * ratio)
  canvas.height = Math.ceil(box.height * ratio)
  const context = canvas.getContext('2d')
  if (context === null) throw new Error(partsText.noCanvas)
  const home = new DOMMatrix([ratio, 0, 0, ratio, -box.left * ratio, -box.top * ratio])
  context.setTransform(home)
  context.fillStyle = getComputedStyle(element).backgroundColor
  context.fillRect(box.left, box.top, box.width, box.height)
  for (const child of element.childNodes) paint(context, child, home)
  return canvas
}

function paint(context: CanvasRenderingContext2D, node: Node, home: DOMMatrix) {
  if (node instanceof Text) return write(context, node)
  if (!(node instanceof Element) || node.matches(left)) return
  const style = getComputedStyle(node)
  if (style.display === 'none' || style.visibility === 'hidden') return
  if (node instanceof SVGGeometryElement) return shape(context, node, style, home)
  const { left: x, top: y, width, height } = node.getBoundingClientRect()
  context.save()
  if (node instanceof HTMLElement) {
    if (style.backgroundColor !== 'rgba(0, 0, 0, 0)') {
      context.fillStyle = style.backgroundColor
      context.fillRect(x, y, width, height)
    }
    const line = Number.parseFloat(style.borderTopWidth)
    if (line > 0 && style.borderTopStyle !== 'none') {
      context.strokeStyle = style.borderTopColor
      context.lineWidth = line
      context.setLineDash(
        style.borderTopStyle === 'dotted'
          ? [line, line]
          : style.borderTopStyle === 'dashed'
            ? [3 * line, 2 * line]
            : [],
      )
      context.beginPath()
      context.moveTo(x, y + line / 2)
      context.lineTo(x + width, y + line / 2)
      context.stroke()
      context.setLineDash([])
    }
    if (style.overflow !== 'visible') {
      context.beginPath()
      context.rect(x, y, width, height)
      context.clip()
    }
  }
  if (node instanceof HTMLCanvasElement) context.drawImage(node, x, y, width, height)
  for (const child of node.childNodes) paint(context, child, home)
  context.restore()
}

function write(context: CanvasRenderingContext2D, text: Text) {
  const parent = text.parentElement
  if (parent === null || parent instanceof SVGTitleElement) return
  const style = getComputedStyle(parent)
  // The shorthand is empty with tabular figures.
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  context.fillStyle = parent instanceof SVGElement ? style.fill : style.color
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  const range = document.createRange()
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index)
    range.setEnd(text, index + word.length)
    const box = range.getBoundingClientRect()
    if (box.width > 0) context.fillText(word, box.left, box.top + box.height / 2 + 1)
  }
}

function shape(
  context: CanvasRenderingContext2D,
  element: SVGGeometryElement,
  style: CSSStyleDeclaration,
  home: DOMMatrix,
) {
  const matrix = element.getScreenCTM()
  const path = outline(element)
  if (matrix === null || path === undefined) return
  context.save()
  context.setTransform(home.multiply(DOMMatrix.fromMatrix(matrix)))
  if (style.fill !== 'none') {
    context.globalAlpha = alphaOf(element) * Number(style.fillOpacity)
    context.fillStyle = style.fill
    context.fill(path)
  }
  if (style.stroke !== 'none') {
    context.globalAlpha = alphaOf(element) * Number(style.strokeOpacity)
    context.strokeStyle = style.stroke
    context.lineWidth = Number.parseFloat(style.strokeWidth)
    context.setLineDash(
      style.strokeDasharray === 'none'
        ? []
        : style.strokeDasharray.split(',').map((length) => Number.parseFloat(length)),
    )
    context.lineDashOffset = Number.parseFloat(style.strokeDashoffset)
    context.stroke(path)
  }
  context.restore()
}

function alphaOf(element: SVGElement) {
  return (
    Number(getComputedStyle(element).opacity) *
    Number(element.ownerSVGElement === null ? 1 : getComputedStyle(element.ownerSVGElement).opacity)
  )
}

function outline(element: SVGGeometryElement): Path2D | undefined {
  const path = new Path2D()
  if (element instanceof SVGPathElement) return new Path2D(element.getAttribute('d') ?? '')
  if (element instanceof SVGCircleElement)
    path.arc(element.cx.baseVal.value, element.cy.baseVal.value, element.r.baseVal.value, 0, 2 * Math.PI)
  else if (element instanceof SVGRectElement)
    path.rect(
      element.x.baseVal.value,
      element.y.baseVal.value,
      element.width.baseVal.value,
      element.height.baseVal.value,
    )
  else return undefined
  return path
}

export function savePicture(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((png) => {
    if (png === null) return reportError(new Error(partsText.imageTooLarge))
    const link = document.createElement('a')
    link.href = URL.createObjectURL(png)
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }, 'image/png')
}
