import type zh from '../zh-CN/board.ts'

const board: typeof zh = {}

export default board
