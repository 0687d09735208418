"""An OpenAPI document of HubSpot's CRM exports, as far as tests need it."""

from __future__ import annotations

from typing import Any

START = "/crm/v3/exports/export/async"
STATUS = f"{START}/tasks/{{taskId}}/status"
EXPORTS: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Exports, as far as tests need them", "version": "v3"},
    "servers": [{"url": "https://api.hubapi.com"}],
    "paths": {
        START: {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExportRequest"}}},
                },
                "responses": {
                    "202": {
                        "description": "it has begun",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TaskLocator"}}},
                    },
                    "default": {"$ref": "#/components/responses/Error"},
                },
            }
        },
        STATUS: {
            "get": {
                "parameters": [{"name": "taskId", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "how far it is",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/ActionResponseWithSingleResultURI"}
                            }
                        },
                    },
                    "default": {"$ref": "#/components/responses/Error"},
                },
            }
        },
        "/crm/v3/lists": {"get": {"responses": {"200": {"description": "lists"}}}},
    },
    "components": {
        "responses": {
            "Error": {
                "description": "it went wrong",
                "content": {"*/*": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }
        },
        "schemas": {
            "Error": {
                "type": "object",
                "required": ["message"],
                "properties": {"message": {"type": "string", "example": "m"}},
            },
            "ExportRequest": {
                "type": "object",
                "required": ["exportType", "objectType"],
                "properties": {"exportType": {"type": "string"}, "objectType": {"type": "string"}},
            },
            "TaskLocator": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "links": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "ActionResponseWithSingleResultURI": {
                "type": "object",
                "required": ["completedAt", "startedAt", "status"],
                "properties": {
                    "completedAt": {"type": "string", "format": "date-time"},
                    "numErrors": {"type": "integer", "format": "int32"},
                    "requestedAt": {"type": "string", "format": "date-time"},
                    "result": {"type": "string", "format": "uri", "description": "where the file is"},
                    "startedAt": {"type": "string", "format": "date-time"},
                    "status": {"type": "string", "enum": ["PENDING", "PROCESSING", "CANCELED", "COMPLETE"]},
                },
            },
        },
    },
}
