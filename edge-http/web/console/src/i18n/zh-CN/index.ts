import admin from './admin/index.ts'
import app from './app.ts'
import board from './board.ts'
import customer from './customer.ts'
import workbench from './workbench.ts'

/** All texts of this language, an area a file or a folder. */
export default { app, customer, workbench, board, admin }
