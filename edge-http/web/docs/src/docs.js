// Shows the OpenAPI document of the server that this page comes from. The token for "Try it out" stays in memory.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  // The viewer would send the document to a validator on the internet.
  validatorUrl: null,
})
