"use strict";
SwaggerUIBundle({ url: "/openapi.json?version=3.0", dom_id: "#swagger", deepLinking: true });
