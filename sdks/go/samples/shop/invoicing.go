package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
)

type invoiced struct {
	Invoice string `json:"invoice"`
}

// startInvoicing starts the outside server: a health page, and invoices.
func startInvoicing() (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	routes.HandleFunc("POST /invoices", func(writer http.ResponseWriter, request *http.Request) {
		var sale Sale
		if err := json.NewDecoder(request.Body).Decode(&sale); err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(writer).Encode(invoiced{"invoice for " + sale.ID})
	})
	server := &http.Server{Handler: routes}
	go func() { _ = server.Serve(listener) }()
	return server, "http://" + listener.Addr().String(), nil
}

// dial asks the outside server for an invoice, at the address where the mesh found it.
func dial(ctx context.Context, endpoint string) (string, error) {
	body, err := json.Marshal(Sale{ID: "order-1"})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/invoices", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer invoiced
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Invoice, err
}
