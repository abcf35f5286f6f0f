export const savedText = {
  update: 'Update',
  updateView: (name: string) => `Update ${name}`,
  updateHint: 'Replace the saved view with what the page shows now.',
}
